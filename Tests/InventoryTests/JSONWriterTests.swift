import JSON
import Testing

@testable import Inventory

@Suite("JSON")
struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter<[UInt8]>) -> Void) -> String {
        var json = JSONWriter<[UInt8]>(output: [])
        body(&json)
        return String(decoding: json.output, as: UTF8.self)
    }

    @Test("commas stand between fields and elements, and nowhere else")
    func structure() {
        let text = written { json in
            json.openObject()
            json.field("a", 1)
            json.key("b")
            json.openArray()
            json.value(Int64(-5))
            json.value(true)
            json.null()
            json.openObject()
            json.closeObject()
            json.closeArray()
            json.nullableField("c", nil as String?)
            json.optionalField("d", nil as String?)
            json.field("e", Timestamp(microseconds: 0))
            json.closeObject()
        }
        #expect(text == #"{"a":1,"b":[-5,true,null,{}],"c":null,"e":"1970-01-01T00:00:00.000000Z"}"#)
    }

    @Test("numbers to their ends", arguments: [0, 9, 10, -1, .max, .min])
    func numbers(number: Int64) {
        #expect(written { $0.value(number) } == "\(number)")
    }

    @Test("texts are escaped where JSON asks for it")
    func texts() {
        #expect(
            written { $0.value("چینی \"1kg\" \\ a\u{1}b\n\t\r\u{1F}😀/") }
                == #""چینی \"1kg\" \\ a\u0001b\n\t\r\u001f😀/""#)
        #expect(written { $0.value("") } == "\"\"")
    }
}
