import RateLimiting
import Testing

@testable import Webhooks

@Suite("Where events may be sent")
struct AddressTests {
    @Test(
        "not to addresses that are not public",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
            "127.1.2.3",
            "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1",
            "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
            "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
            "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1",
            "ff02::1", "2001::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "4000::1", "5f00::1",
        ])
    func refused(text: String) throws {
        let address = try #require(ClientAddress(text: text))
        #expect(!AddressPolicy().allows(address))
        let range = try #require(AddressRange(text: address.description))
        #expect(AddressPolicy(allowing: [range]).allows(address), "unless the operator names it")
    }

    @Test(
        "to public ones",
        arguments: [
            "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1", "172.15.0.1",
            "172.32.0.1", "192.0.1.1", "192.167.1.1", "192.169.1.1", "198.17.1.1", "198.20.1.1", "223.255.255.255",
            "2001:200::1", "2600::1", "2a00:1450::1", "2003::1", "3ffe::1", "::ffff:8.8.8.8",
        ])
    func allowed(text: String) throws {
        #expect(AddressPolicy().allows(try #require(ClientAddress(text: text))))
    }

    @Test(
        "URLs are read in one way only",
        arguments: [
            ("https://example.com", "https://example.com:443/", "example.com"),
            ("HTTPS://Example.COM:8443/Path?q=1", "https://example.com:8443/Path?q=1", "example.com"),
            ("https://example.com?q=1", "https://example.com:443/?q=1", "example.com"),
            ("http://10.0.0.1/x", "http://10.0.0.1:80/x", "10.0.0.1"),
            ("https://[2A00::1]:1/x", "https://[2a00::1]:1/x", "2a00::1"),
            ("https://0x7f.1/", "https://0x7f.1:443/", "0x7f.1"),
        ])
    func urls(url: String, text: String, host: String) throws {
        let read = try WebhookURL(url)
        #expect(read.text == text && read.host == host)
    }

    @Test(
        "and others are refused",
        arguments: [
            "", "example.com", "ftp://example.com", "https://", "https:///x", "https://user@example.com",
            "https://user:password@example.com", "https://example.com#x", "https://example.com/#",
            "https://example.com:0",
            "https://example.com:65536", "https://exa mple.com", "https://example.com/\n", "https://exämple.com",
            "https://example.com\\@127.0.0.1", "https://example.com/\"", "https://[::1", "https://[::1]x",
            "https://a,b",
            "https://example.com%2f", "https://[fe80::1%25eth0]/", "https://" + String(repeating: "a", count: 254),
            "https://example.com/" + String(repeating: "a", count: 2_000), "unix:///var/run/x",
        ])
    func badURLs(url: String) {
        #expect(throws: WebhookURL.Invalid.self) { try WebhookURL(url) }
    }

    @Test("http and private addresses take a setting")
    func settings() throws {
        #expect(throws: Never.self) { try WebhookSender().check("https://example.com") }
        for url in ["http://example.com", "https://127.0.0.1", "https://[::1]", "https://[::ffff:10.0.0.1]"] {
            #expect(throws: WebhookURL.Invalid.self) { try WebhookSender().check(url) }
        }
        let all = try ["0.0.0.0/0", "::/0"].map { try #require(AddressRange(text: $0)) }
        let sender = WebhookSender(allowsPlainHTTP: true, addresses: AddressPolicy(allowing: all))
        for url in ["http://example.com", "https://127.0.0.1", "https://[::1]", "http://10.0.0.1"] {
            #expect(throws: Never.self) { try sender.check(url) }
        }
    }
}
