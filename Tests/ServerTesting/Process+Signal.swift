import Foundation

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

extension Process {
    func send(_ signal: Int32) {
        #if canImport(Darwin)
            _ = Darwin.kill(processIdentifier, signal)
        #else
            _ = Glibc.kill(processIdentifier, signal)
        #endif
    }
}
