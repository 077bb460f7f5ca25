#if FUZZING
    import Foundation
    import Testing

    /// Runs libFuzzer in this process: `KHATA_TEST_FUZZ` has the target's name and libFuzzer's arguments, one a line.
    /// Never returns: libFuzzer ends the process.
    @Test func fuzz() throws {
        let arguments = try #require(ProcessInfo.processInfo.environment["KHATA_TEST_FUZZ"]).split(separator: "\n")
        target = try #require(FuzzTarget.all.first { $0.name == arguments[0] })
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup(String($0)) } + [nil]
        pointers.withUnsafeMutableBufferPointer { buffer in
            var count = CInt(arguments.count)
            var start = buffer.baseAddress
            _ = runFuzzer(&count, &start, callback)
        }
    }

    nonisolated(unsafe) private var target: FuzzTarget!

    private let callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { start, count in
        let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
        let done = DispatchSemaphore(value: 0)
        // On this thread, unless the target waits for something: without that, most of the time is spent on switching.
        Task.immediate(executorPreference: ThisThread.shared) {
            do {
                try await target.run(bytes)
            } catch let defect as Defect {
                fatalError(defect.what)
            } catch {}
            done.signal()
        }
        done.wait()
        return 0
    }

    private final class ThisThread: TaskExecutor {
        static let shared = ThisThread()
        func enqueue(_ job: UnownedJob) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runFuzzer(
        _ count: UnsafeMutablePointer<CInt>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
        _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt
#endif
