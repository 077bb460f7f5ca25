import Logging

/// How a line of the log is written.
enum LogFormat: String, CaseIterable, SettingValue {
    /// `2026-11-22T16:00:00.123456Z notice khata: serving url=http://127.0.0.1:8080`
    case text
    /// `{"time":"2026-11-22T16:00:00.123456Z","level":"notice","message":"serving","url":"http://127.0.0.1:8080"}`
    case json
}
