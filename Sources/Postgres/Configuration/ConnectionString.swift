internal import CLibPQ

/// A connection string that libpq cannot parse. Quotes no part of it, since any part may be the password.
public struct InvalidConnectionString: Error, Sendable, CustomStringConvertible {
    public let description: String
}

/// A connection string as parsed by libpq.
struct ConnectionString {
    private var values: [String: String] = [:]

    init(_ string: String) throws(InvalidConnectionString) {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(string, &message) else {
            defer { PQfreemem(message) }
            throw InvalidConnectionString(description: Self.redacted(message.map { String(cString: $0) }))
        }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        // libpq reports this when it connects, quoting text that may be a password with an unescaped slash.
        for port in list("port") where UInt16(port) == nil && !port.isEmpty {
            throw InvalidConnectionString(description: "a port is not a number from 0 to 65535")
        }
    }

    subscript(keyword: String) -> String? { values[keyword] }

    var redacted: String {
        let ports = list("port")
        let hosts = list(values["host"] == nil ? "hostaddr" : "host")
        let addresses = hosts.enumerated().map { index, host in
            let port = ports.count > 1 ? ports.dropFirst(index).first : ports.first
            return port.map { "\(host):\($0)" } ?? host
        }
        return "\(values["user"].map { $0 + "@" } ?? "")\(addresses.joined(separator: ","))/\(values["dbname"] ?? "")"
    }

    private func list(_ keyword: String) -> [String] {
        values[keyword]?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
    }

    /// libpq quotes the invalid text, which may be the password: removes everything from the first quote to the last.
    private static func redacted(_ message: String?) -> String {
        guard let message = message?.singleLine else { return "out of memory" }
        guard let first = message.firstIndex(of: "\""), let last = message.lastIndex(of: "\"") else { return message }
        return "\(message[...first])…\(message[last...])"
    }
}

extension String {
    /// Joins libpq's lines.
    var singleLine: String {
        split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
