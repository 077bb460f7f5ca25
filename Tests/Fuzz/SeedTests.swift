import Foundation
import Testing

/// What libFuzzer found once, and examples for it to start from.
@Suite("Parsers of bytes from outside")
struct SeedTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Seeds")

    @Test("each accepts or refuses its seeds", arguments: FuzzTarget.all)
    func seeds(target: FuzzTarget) async throws {
        let seeds = try FileManager.default.contentsOfDirectory(
            at: Self.folder.appending(path: target.name), includingPropertiesForKeys: nil)
        #expect(!seeds.isEmpty)
        for seed in seeds {
            do {
                try await target.run(Array(try Data(contentsOf: seed)))
            } catch let defect as Defect {
                Issue.record("\(seed.lastPathComponent): \(defect.what)")
            } catch {}
        }
    }

    @Test("every folder of seeds is a target's")
    func folders() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
        #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
    }
}
