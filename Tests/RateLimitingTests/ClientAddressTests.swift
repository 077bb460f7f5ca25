import RateLimiting
import Testing

@Suite("Client addresses")
struct ClientAddressTests {
    @Test("IPv4 and the same as IPv6 maps it are one address")
    func mapped() throws {
        let four = try #require(ClientAddress(bytes: [192, 0, 2, 1]))
        let six = try #require(ClientAddress(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1]))
        #expect(four == six)
        #expect(four.description == "192.0.2.1")
        #expect(ClientAddress(bytes: [1, 2, 3]) == nil)
    }

    @Test("a range holds what begins with its bits")
    func ranges() throws {
        let ten = try #require(ClientAddress(bytes: [10, 0, 0, 0]))
        let other = try #require(ClientAddress(bytes: [11, 0, 0, 0]))
        let inside = try #require(ClientAddress(bytes: [10, 200, 3, 4]))
        let range = try #require(AddressRange(ten, bits: 8))
        #expect(range.contains(inside))
        #expect(!range.contains(other))
        let all = try #require(AddressRange(ten, bits: 0))
        #expect(all.contains(other))
        let one = try #require(AddressRange(ten, bits: 32))
        #expect(one.contains(ten) && !one.contains(inside))
        #expect(AddressRange(ten, bits: 33) == nil)
        let six = try #require(ClientAddress(bytes: [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 12)))
        let near = try #require(ClientAddress(bytes: [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 7, count: 12)))
        #expect(try #require(AddressRange(six, bits: 32)).contains(near))
        #expect(try #require(AddressRange(six, bits: 64)).contains(near) == false)
        #expect(six.description == "2001:db8:0:0:0:0:0:0")
    }
}
