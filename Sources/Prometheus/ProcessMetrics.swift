#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension MetricRegistry {
    /// The process's CPU time, memory and open files, under the names that Prometheus's own clients use. Memory and files
    /// come from /proc, so they are there on Linux only.
    public func observeProcess() {
        let processor = secondsCounter("process_cpu_seconds_total", "CPU time of the process, user and system")
        let memory = gauge("process_resident_memory_bytes", "Memory that the process has in RAM")
        let openFiles = gauge("process_open_fds", "Open files and connections")
        let maximumFiles = gauge("process_max_fds", "How many files and connections may be open")
        let start = gauge("process_start_time_seconds", "When the process started, in seconds since 1970")
        start[].set(Double(time(nil)))
        collect {
            var usage = rusage()
            if getrusage(processUsage, &usage) == 0 {
                processor[].set(usage.ru_utime.microseconds + usage.ru_stime.microseconds)
            }
            var limit = rlimit()
            if getrlimit(openFilesLimit, &limit) == 0 { maximumFiles[].set(Double(limit.rlim_cur)) }
            if let pages = Self.residentPages() { memory[].set(Double(pages * sysconf(Int32(_SC_PAGESIZE)))) }
            if let count = Self.countOpenFiles() { openFiles[].set(Double(count)) }
        }
    }

    /// The second number of /proc/self/statm.
    private static func residentPages() -> Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let numbers = text.split(separator: " ")
        return numbers.count > 1 ? Int(numbers[1]) : nil
    }

    private static func countOpenFiles() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        // Neither `.` and `..`, nor the folder itself.
        var count = -3
        while readdir(folder) != nil { count += 1 }
        return count
    }
}

extension timeval {
    fileprivate var microseconds: Int { Int(tv_sec) * 1_000_000 + Int(tv_usec) }
}

#if canImport(Glibc)
    private let processUsage = __rusage_who_t(RUSAGE_SELF.rawValue)
    private let openFilesLimit = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
    private let processUsage = RUSAGE_SELF
    private let openFilesLimit = RLIMIT_NOFILE
#endif
