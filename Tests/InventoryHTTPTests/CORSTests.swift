import HTTPTypes
import HummingbirdCore
import Testing

@testable import InventoryHTTP

@Suite("Origins of other pages")
struct CORSTests {
    @Test(
        "what is no origin is refused",
        arguments: [
            "", " ", "https://", "shop.example", "https://shop.example/", "https://shop.example/path", "*.shop.example",
            "https://*.shop.example", "https://shop.example,", "https://Shop.example", "ftp://shop.example", "null",
            "https://shop.example:", "https://a b", "*,https://shop.example",
        ])
    func invalid(list: String) {
        #expect(throws: InvalidOrigin.self) { _ = try CORSPolicy(list) }
    }

    @Test(
        "origins are as browsers write them",
        arguments: [
            ("*", "*"), ("https://shop.example", "https://shop.example"),
            (" http://localhost:3000 ,https://b.example ", "http://localhost:3000, https://b.example"),
            ("https://[::1]:8443", "https://[::1]:8443"), ("http://127.0.0.1", "http://127.0.0.1"),
        ])
    func valid(list: String, shown: String) throws {
        #expect(try CORSPolicy(list).description == shown)
    }
}
