import Redis
import Testing

@Suite("configuration")
struct ConfigurationTests {
    @Test(
        "reads a URL",
        arguments: [
            ("redis://h", "redis://h:6379/0"),
            ("redis://h/", "redis://h:6379/0"),
            ("redis://10.0.0.1:1234/15", "redis://10.0.0.1:1234/15"),
            ("redis://[::1]:1234", "redis://[::1]:1234/0"),
            ("redis://[fe80::1]", "redis://[fe80::1]:6379/0"),
            ("rediss://khata:s3cret@cache.example/2", "rediss://khata@cache.example:6379/2"),
            ("redis://:s3cret@h", "redis://h:6379/0"),
            ("redis://a%40b:s3cr%2Fet@h", "redis://a@b@h:6379/0"),
            ("redis://u:s3cret@x@h", "redis://u@h:6379/0"),
            ("unix:///run/redis.sock", "unix:///run/redis.sock?db=0"),
            ("unix://u:s3cret@/run/a%20b.sock?db=4", "unix://u@/run/a b.sock?db=4"),
            ("redis-sentinel://h/shop", "redis-sentinel://h:26379/shop/0"),
            ("redis-sentinel://u:s3cret@h,[::1]:1,i:2/m.y-1_x/3", "redis-sentinel://u@h:26379,[::1]:1,i:2/m.y-1_x/3"),
            ("redis-sentinel://u:s3,cret@h/shop/", "redis-sentinel://u@h:26379/shop/0"),
            (
                "rediss-sentinel://:s3cret@h/shop?sentinel_username=w&sentinel_password=s3c%26ret",
                "rediss-sentinel://h:26379/shop/0"
            ),
            ("redis-cluster://h", "redis-cluster://h:6379"),
            ("rediss-cluster://u:s3cret@a@h:7000,i,[::1]/", "rediss-cluster://u@h:7000,i:6379,[::1]:6379"),
        ])
    func url(url: String, description: String) throws {
        #expect(try RedisConfiguration(url: url).description == description)
    }

    @Test(
        "refuses a URL without quoting it",
        arguments: [
            "", "h:6379", "http://s3cret", "redis://", "redis://:s3cret@", "redis://s3cret@h", "redis://u:@h",
            "redis://h:s3cret", "redis://h:0", "redis://h:65536", "redis://h/s3cret", "redis://h/-1", "redis://::1",
            "redis://[::1", "redis://[::1]s3cret", "redis://h?s3cret", "redis://h/0?s3cret=1", "unix://s3cret",
            "unix://",
            "unix:///", "unix:///p?s3cret=1", "unix:///p?db=", "redis://u:s3cret%@h", "redis://u:s3cret%zz@h",
            "redis://u:s3cret%ff@h", "redis://u:s3cret/x@h", "redis://u:s3cret?x@h", "redis://h/99999999999999999999",
            "redis://h,s3cret", "unix://,/s3cret", "redis-sentinel://h", "redis-sentinel://h/", "redis-sentinel://h//0",
            "redis-sentinel://h/s3cret%20", "redis-sentinel://h/m/s3cret", "redis-sentinel://h/m/0/s3cret",
            "redis-sentinel://,h/m", "redis-sentinel://h,/m", "redis-sentinel:///m", "redis-sentinel://h,h:26379/m",
            "redis-sentinel://h,i:s3cret/m", "redis-sentinel://h,/s3cret",
            "redis-sentinel://u:12/s3cret@h/m", "redis-sentinel://h/m?s3cret", "redis-sentinel://h/m?s3cret=1",
            "redis-sentinel://h/m?sentinel_password=", "redis-sentinel://h/m?sentinel_username=s3cret",
            "redis-sentinel://h/m?sentinel_password=s3cret&sentinel_password=b",
            "redis-sentinel://h/m?sentinel_password=s3cret%", "redis-cluster://", "redis-cluster://h/0",
            "redis-cluster://h?s3cret=1", "redis-cluster://h,h",
            "redis-cluster://" + (1...17).map { "s3cret\($0)" }.joined(separator: ","),
        ])
    func refused(url: String) throws {
        let error = #expect(throws: InvalidRedisConfiguration.self) { try RedisConfiguration(url: url) }
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test("prints without the password, however it is printed")
    func secret() throws {
        struct Holder { let configuration: RedisConfiguration }
        let configuration = try RedisConfiguration(url: "redis://u:s3cret@h")
        var dumped = ""
        dump(Holder(configuration: configuration), to: &dumped)
        let printed = [
            "\(configuration)", String(reflecting: configuration), "\(Holder(configuration: configuration))",
        ]
        for text in printed + [dumped] {
            #expect(text.contains("redis://u@h"))
            #expect(!text.contains("s3cret"))
        }
    }
}
