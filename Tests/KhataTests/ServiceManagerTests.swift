import Logging
import Testing

@testable import khata

@Suite("Service manager")
struct ServiceManagerTests {
    @Test("sockets are told apart by their names, in any order")
    func names() throws {
        let both = try sockets(["LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "ops:api"])
        #expect(both.ops == 3 && both.api == 4)
        let one = try sockets(["LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "api"])
        #expect(one.api == 3 && one.ops == nil)
    }

    @Test(
        "sockets for another process, or none, are none",
        arguments: [
            [:], ["LISTEN_PID": "8", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "api"],
            ["LISTEN_PID": "7", "LISTEN_FDS": "0"],
        ])
    func none(environment: [String: String]) throws {
        let none = try sockets(environment)
        #expect(none.api == nil && none.ops == nil)
    }

    @Test(
        "sockets with other names are refused, and the error says what to do",
        arguments: ["khata.socket", "api:api", "api:web", "api:ops:api"])
    func unknownNames(names: String) throws {
        let count = names.split(separator: ":").count
        let error = #expect(throws: SettingsError.self) {
            try sockets(["LISTEN_PID": "7", "LISTEN_FDS": "\(count)", "LISTEN_FDNAMES": names])
        }
        #expect("\(error!)".contains("set FileDescriptorName=api"))
        // Without a variable for the names.
        #expect(throws: SettingsError.self) { try sockets(["LISTEN_PID": "7", "LISTEN_FDS": "1"]) }
    }

    @Test("a number of sockets that is none is refused", arguments: ["x", "", "-1", "1.5"])
    func invalidCount(count: String) throws {
        let error = #expect(throws: SettingsError.self) { try sockets(["LISTEN_PID": "7", "LISTEN_FDS": count]) }
        #expect("\(error!)".contains("LISTEN_FDS is \"\(count)\""))
    }

    @Test(
        "an address to tell is a path from the root, or an abstract name",
        arguments: ["run/notify", "vsock:2:1", "/", "@", "/" + String(repeating: "a", count: 108)])
    func invalidAddress(address: String) throws {
        let error = #expect(throws: SettingsError.self) {
            _ = try ServiceManager(["NOTIFY_SOCKET": address], Logger(label: "test"))
        }
        #expect("\(error!)".contains("has to be an absolute path, or @ and a name"))
    }

    private func sockets(_ environment: [String: String]) throws(SettingsError) -> InheritedSockets {
        try InheritedSockets(environment, of: 7)
    }
}
