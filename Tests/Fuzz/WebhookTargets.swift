import Foundation
import Inventory

@testable import Webhooks

extension FuzzTarget {
    /// URLs of webhooks, in which the HTTP client has to find the same host; and the waits that receivers ask for.
    static let webhooks = FuzzTarget(
        "webhooks",
        text: { text in
            let wait = retryAfter(text, at: Timestamp(microseconds: 1_000_000_000_000_000))
            try require(wait.map { $0 >= .zero } ?? true, "a wait is negative")
            let url = try WebhookURL(text)
            let parsed = URL(string: url.text)
            try require(parsed?.host?.trimmingCharacters(in: ["[", "]"]) == url.host, "another host is found")
            try require(parsed?.port == url.port && parsed?.user == nil && parsed?.fragment == nil, "something else is")
            try require(try WebhookURL(url.text) == url, "it is not read again")
        })
}
