/// The cumulative counts of a histogram, by the upper bounds of its buckets.
public struct HistogramBuckets: Sendable {
    private var counts: [Double: Double] = [:]

    public init() {}

    public mutating func add(_ count: Double, upTo bound: Double) {
        counts[bound, default: 0] += count
    }

    /// A quantile, as Prometheus's `histogram_quantile` estimates it: values are spread evenly in their bucket, and the first
    /// bucket begins at 0. Beyond the last bound it is that bound.
    /// (https://github.com/prometheus/prometheus/blob/v2.42.0/promql/quantile.go, `bucketQuantile`)
    /// - Parameter fraction: From 0 to 1.
    /// - Returns: `nil` if nothing was counted, or there is no bucket without a bound.
    public func quantile(_ fraction: Double) -> Double? {
        var buckets = counts.sorted { $0.key < $1.key }.map { (bound: $0.key, count: $0.value) }
        // Counts that were not read at one moment may seem to fall.
        for index in buckets.indices.dropFirst() {
            buckets[index].count = max(buckets[index].count, buckets[index - 1].count)
        }
        guard buckets.count >= 2, let last = buckets.last, last.bound == .infinity, last.count > 0 else { return nil }
        var rank = fraction * last.count
        let index = buckets.dropLast().firstIndex { $0.count >= rank } ?? buckets.count - 1
        if index == buckets.count - 1 { return buckets[index - 1].bound }
        guard index > 0 else {
            let first = buckets[0]
            return first.bound <= 0 ? first.bound : first.bound * (rank / first.count)
        }
        let below = buckets[index - 1]
        rank -= below.count
        return below.bound + (buckets[index].bound - below.bound) * (rank / (buckets[index].count - below.count))
    }
}
