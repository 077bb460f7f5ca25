import RateLimiting
import Webhooks

/// How events are sent to webhooks.
struct WebhookSettings {
    var allowsPlainHTTP = false
    var allowedAddresses: String?
    var timeout = Duration.seconds(15)
    var limits = WebhookDeliveries.Limits()
}

extension Settings {
    @SettingsBuilder
    static var webhooks: [Setting] {
        Setting(
            "webhooks.allowed_addresses", \.webhooks.allowedAddresses, example: "10.1.2.0/24, fd00:1:2::/48",
            """
            Addresses that webhooks may have besides public ones, as ranges separated by commas. All others that are private,
            of this machine or otherwise special are refused, so that no webhook reaches what only this machine can.
            """)
        Setting(
            "webhooks.plain_http", \.webhooks.allowsPlainHTTP,
            "Whether webhooks may be of http, which everybody on the way can read and change.")
        Setting(
            "webhooks.timeout_seconds", \.webhooks.timeout, in: 1...60,
            """
            How long a receiver may take to respond. An instance that dies holds its webhooks for up to twice as long, and
            some seconds, before another one delivers them.
            """)
        Setting(
            "webhooks.stores_at_once", \.webhooks.limits.storesAtOnce, in: 1...64,
            """
            Of how many stores events are sent to a webhook at a time. Those of one store follow each other. Stores whose last
            attempt failed have half of these places.
            """)
        Setting(
            "webhooks.at_once", \.webhooks.limits.atOnce, in: 1...4_096,
            """
            Of how many stores events are sent at a time to all webhooks that an instance delivers. Stores whose last attempt
            failed have half of these places.
            """)
    }

    var webhookSender: WebhookSender {
        get throws(SettingsError) {
            WebhookSender(
                allowsPlainHTTP: webhooks.allowsPlainHTTP,
                addresses: AddressPolicy(
                    allowing: try Self.ranges(webhooks.allowedAddresses, of: "webhooks.allowed_addresses")),
                timeout: webhooks.timeout)
        }
    }
}
