/// How many stores' events are sent at a time, or may be.
struct DeliveryRuns {
    var all: Int
    /// Of these, stores whose last attempt failed.
    var failing: Int
}

extension DeliveryRuns {
    /// Stores that fail have half of the places: those that answer must not wait behind those that hang.
    init(limit: Int) {
        self.init(all: limit, failing: max(1, limit / 2))
    }

    func limited(to other: DeliveryRuns) -> DeliveryRuns {
        DeliveryRuns(all: min(all, other.all), failing: min(failing, other.failing))
    }

    static func - (limit: DeliveryRuns, taken: DeliveryRuns) -> DeliveryRuns {
        DeliveryRuns(all: limit.all - taken.all, failing: limit.failing - taken.failing)
    }

    /// - Returns: Whether there is a place.
    mutating func take(_ isFailing: Bool) -> Bool {
        guard all > 0, !isFailing || failing > 0 else { return false }
        all -= 1
        if isFailing { failing -= 1 }
        return true
    }
}
