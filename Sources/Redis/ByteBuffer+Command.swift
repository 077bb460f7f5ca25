internal import NIOCore

extension ByteBuffer {
    /// Appends a command in RESP: an array of bulk strings.
    ///
    /// hiredis's `redisFormatCommandArgv` would allocate each command, to be copied here and freed, and needs each
    /// argument in contiguous memory.
    mutating func writeCommand(_ command: RedisCommand) {
        writeNumber(Int64(command.arguments.count + 1), after: "*")
        writeBulk(command.name)
        for argument in command.arguments {
            switch argument {
            case .literal(let text): writeBulk(text)
            case .string(let text):
                writeNumber(Int64(text.utf8.count), after: "$")
                writeString(text)
                writeLineEnd()
            case .integer(let value):
                writeNumber(Int64(Self.length(of: value)), after: "$")
                writeNumber(value, after: nil)
            case .bytes(let bytes):
                writeNumber(Int64(bytes.readableBytes), after: "$")
                writeImmutableBuffer(bytes)
                writeLineEnd()
            }
        }
    }

    private mutating func writeBulk(_ text: StaticString) {
        writeNumber(Int64(text.utf8CodeUnitCount), after: "$")
        writeStaticString(text)
        writeLineEnd()
    }

    private mutating func writeLineEnd() {
        writeInteger(UInt16(0x0d0a))
    }

    /// A line of a type, if any, and a number in decimal.
    private mutating func writeNumber(_ value: Int64, after type: Unicode.Scalar?) {
        let digits = Self.length(of: value)
        let length = (type == nil ? 0 : 1) + digits + 2
        writeWithUnsafeMutableBytes(minimumWritableBytes: length) { space in
            if let type { space[0] = UInt8(ascii: type) }
            var position = length - 2
            space[position] = UInt8(ascii: "\r")
            space[position + 1] = UInt8(ascii: "\n")
            var rest = value.magnitude
            repeat {
                position -= 1
                space[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 { space[position - 1] = UInt8(ascii: "-") }
            return length
        }
    }

    /// The number of characters in decimal, including the sign.
    private static func length(of value: Int64) -> Int {
        var length = value < 0 ? 2 : 1
        var rest = value.magnitude
        while rest >= 10 {
            length += 1
            rest /= 10
        }
        return length
    }
}
