import Dispatch

/// Runs what blocks (files, locks of other processes) where it holds up neither tasks nor event loops.
///
/// Not on NIO's thread pool: that has as many threads as there are cores, and some of this waits for half a minute.
package func onBlockingThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
}
