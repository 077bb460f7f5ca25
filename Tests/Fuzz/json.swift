// Sources: Basics/Hexadecimal.swift JSON
// Bodies of requests: what is parsed is written and parsed again as the same.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let value = try? JSONParser.parse(UnsafeRawBufferPointer(start: bytes, count: count)) else { return 0 }
    var json = JSONWriter<[UInt8]>(output: [])
    json.value(value)
    guard let again = try? JSONParser.parse(json.output), again == value else { fatalError("it is not the same") }
    return 0
}
