import Foundation
public import Inventory

/// What a receiver makes of events: it takes the next one of a store only, and knows repeated ones by their ids.
public struct EventStory {
    public private(set) var ids: [StoreID: [String]] = [:]
    public private(set) var repeated = 0
    public private(set) var ahead = 0
    public private(set) var rewritten = 0

    private struct EventJSON: Decodable {
        let id: String
        let source: String
        let sequence: String
    }

    public init(_ records: [KafkaReader.Record]) throws {
        for record in records {
            let event = try JSONDecoder().decode(EventJSON.self, from: Data((record.text ?? "").utf8))
            let store = StoreID(rawValue: Int64(event.source.dropFirst("/stores/".count)) ?? -1)
            let (position, known) = (Int(event.sequence) ?? 0, ids[store, default: []])
            if position == known.count + 1 {
                ids[store, default: []].append(event.id)
            } else if position > known.count {
                ahead += 1
            } else if known[position - 1] == event.id {
                repeated += 1
            } else {
                rewritten += 1
            }
        }
    }
}
