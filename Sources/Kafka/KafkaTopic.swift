/// The names of the topics. Khata does not create them.
enum KafkaTopic {
    static let events = "khata.events"
    static let commands = "khata.commands"
    /// Of refused commands, for whoever looks after them.
    static let rejected = "khata.rejected"
    /// Of commands whose senders want to know.
    static let outcomes = "khata.outcomes"
}

/// The names of headers.
enum CommandHeader {
    static let messageID = "message-id"
    static let type = "type"
    static let contentType = "content-type"
    /// Asks for an outcome.
    static let correlationID = "correlation-id"
    /// Of a refused command: the problem, as JSON.
    static let problem = "khata-problem"
    static let code = "khata-code"
    /// Of a refused command whose value was too long to be kept.
    static let bodyBytes = "khata-body-bytes"
}
