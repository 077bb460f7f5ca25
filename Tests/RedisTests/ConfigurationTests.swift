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
