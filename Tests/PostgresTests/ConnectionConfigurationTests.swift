import Postgres
import Testing

@Suite("a connection string")
struct ConnectionConfigurationTests {
    @Test(
        "is described without its secrets",
        arguments: [
            ("postgres://khata:s3cret@db:5433/shop", "khata@db:5433/shop"),
            ("postgres://khata:s3cret@a:1,b:2/shop?sslmode=verify-full", "khata@a:1,b:2/shop"),
            ("host=a,b user=khata password=s3cret dbname=shop", "khata@a,b/shop"),
            ("host=a,b port=7 user=khata dbname=shop sslpassword=s3cret", "khata@a:7,b:7/shop"),
            ("hostaddr=10.0.0.1 user=khata", "khata@10.0.0.1/"),
            ("host=/run/postgresql dbname=shop", "/run/postgresql/shop"),
        ])
    func description(string: String, description: String) throws {
        let configuration = try ConnectionConfiguration(string, applicationName: "khata-tests")
        #expect("\(configuration)" == description)
        #expect(!String(reflecting: configuration).contains("s3cret"))
    }

    @Test(
        "that cannot be read is refused without quoting it",
        arguments: [
            "postgres", "host=a sslmod=s3cret", "postgres://u:s3%zzcret@db/d", "password=my s3cret host=a",
            #"password=my "s3cret" host=a"#, "postgres://khata:s3cret/x@db/shop", "postgres://u@db:99999/d",
            "password='s3cret",
        ])
    func refused(string: String) throws {
        let error = #expect(throws: InvalidConnectionString.self) {
            _ = try ConnectionConfiguration(string, applicationName: "khata-tests")
        }
        #expect(error?.description.isEmpty == false)
        #expect(error?.description.contains("s3cret") == false)
        #expect(error?.description.contains("zzcret") == false)
    }
}
