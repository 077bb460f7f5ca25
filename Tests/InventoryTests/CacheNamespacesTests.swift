import Inventory
import Testing

@Suite("Parts of a cache")
struct CacheNamespacesTests {
    private static let commit = EntryKey(storeID: .catalog, position: Position(rawValue: 9))

    private static func change(of store: Int64) -> Invalidation {
        Invalidation(storeID: StoreID(rawValue: store), position: Position(rawValue: 1), products: [:])
    }

    private static func part(of store: Int64) -> Int { CacheNamespaces.part(of: StoreID(rawValue: store), among: 4) }

    /// A store in each of four parts.
    private static let stores = (0..<4).map { part in (1...99).first { Self.part(of: $0) == part }! }

    @Test("as text and back", arguments: ["a", "a,b", "a,,c", ",,,d"])
    func text(_ text: String) {
        let namespaces = CacheNamespaces(text)
        #expect(namespaces.text == text)
        #expect(CacheNamespaces(parts: namespaces.parts) == namespaces)
        #expect(namespaces.parts.count == text.count { $0 == "," } + 1)
    }

    @Test("with all parts off, the cache is off")
    func off() { #expect(CacheNamespaces(parts: [nil, nil]) == nil) }

    @Test("stores are spread evenly, also those whose ids have a common factor", arguments: [1, 64, 1000] as [Int64])
    func spread(_ step: Int64) {
        var stores = [Int](repeating: 0, count: 64)
        for number in 1...6_400 {
            stores[CacheNamespaces.part(of: StoreID(rawValue: Int64(number) * step), among: 64)] += 1
        }
        #expect(stores.min()! > 50 && stores.max()! < 150)
        #expect(CacheNamespaces.part(of: StoreID(rawValue: .max), among: 1) == 0)
        #expect(CacheNamespaces.part(of: .catalog, among: 64) == 0)
    }

    @Test("a change concerns its store's part, and one of the catalog all that are on")
    func concerned() {
        let namespaces = CacheNamespaces("a,,c,d")
        let changes = Self.stores.map(Self.change)
        let catalog = Self.change(of: 0)
        #expect(namespaces.byPart(changes) == [0: [changes[0]], 2: [changes[2]], 3: [changes[3]]])
        #expect(namespaces.byPart([catalog, changes[3]]) == [0: [catalog], 2: [catalog], 3: [catalog, changes[3]]])
        #expect(CacheNamespaces("a").byPart(changes) == [0: changes])
    }

    @Test("a commit records the namespaces as they are, for programs that know no parts; nothing if its part is off")
    func recorded() {
        let namespaces = CacheNamespaces("a,,c,d")
        let changes = Self.stores.map(Self.change)
        #expect(namespaces.recorded(for: [changes[1], changes[2]]) == "a,,c,d")
        #expect(namespaces.recorded(for: [Self.change(of: 0)]) == "a,,c,d")
        #expect(namespaces.recorded(for: [changes[1]]) == nil)
        #expect(namespaces.recorded(for: []) == nil)
    }

    @Test("what a commit recorded concerns the parts that have the same namespace still")
    func owed() {
        let changes = Self.stores.map(Self.change)
        func parts(_ recorded: String?, _ changes: [Invalidation], in namespaces: String) -> Set<Int> {
            let entry = OutboxEntry(entry: Self.commit, namespaces: recorded, invalidations: changes)
            return Set(CacheNamespaces(namespaces).byPart(entry).keys)
        }
        #expect(parts("a,b,c,d", [changes[2]], in: "a,b,c,d") == [2])
        #expect(parts("a,b,c,d", [changes[2]], in: "a,b,x,d") == [])
        #expect(parts("a,b,c,d", changes, in: "a,x,c,") == [0, 2])
        #expect(parts("a,,c,d", changes, in: "a,b,c,d") == [0, 2, 3])
        #expect(parts("a,b,c,d", [Self.change(of: 0)], in: "a,b,c,d") == [0, 1, 2, 3])
        // Of a program that knows no namespaces.
        #expect(parts(nil, [changes[1]], in: "a,b,c,d") == [1])
    }
}
