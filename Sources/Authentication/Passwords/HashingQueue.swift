import RateLimiting

/// The passwords that wait to be hashed. Sites take turns, so that many from one site do not hold up others; known logins
/// come before all others, and have room of their own.
struct HashingQueue<Job> {
    private struct Line {
        let site: ClientAddress?
        var jobs: [Job]
    }

    private let capacity: Int
    private var known: [Job] = []
    /// Of other logins, one for each site; none is empty. The first is next.
    private var lines: [Line] = []

    /// - Parameter capacity: Of known logins, and of others.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// - Returns: The job that has no room: this one, or the last one of the site with most jobs.
    mutating func add(_ job: Job, from site: ClientAddress?, isKnown: Bool) -> Job? {
        guard !isKnown else {
            guard known.count < capacity else { return job }
            known.append(job)
            return nil
        }
        let own = lines.firstIndex { $0.site == site }
        var displaced: Job?
        if lines.reduce(0, { $0 + $1.jobs.count }) >= capacity {
            let longest = lines.indices.max { lines[$0].jobs.count < lines[$1].jobs.count }
            guard let longest, lines[longest].jobs.count > (own.map { lines[$0].jobs.count } ?? 0) + 1 else {
                return job
            }
            displaced = lines[longest].jobs.removeLast()
        }
        if let own { lines[own].jobs.append(job) } else { lines.append(Line(site: site, jobs: [job])) }
        return displaced
    }

    mutating func next() -> Job? {
        guard known.isEmpty else { return known.removeFirst() }
        guard !lines.isEmpty else { return nil }
        var line = lines.removeFirst()
        let job = line.jobs.removeFirst()
        if !line.jobs.isEmpty { lines.append(line) }
        return job
    }
}
