/// Why a token is not accepted. For logs and tests: clients are told only that it is not.
enum TokenDefect: Error, Equatable {
    case tooLong
    /// Not three parts of base64url with a JSON object each in the first two, every name in it once.
    case malformed
    /// A header parameter that is wrong, or that asks for what is not done here.
    case header(_ parameter: String)
    case unknownKey
    /// `alg` is not what the key is for.
    case otherAlgorithm
    case wrongSignature
    /// A claim that is missing, or not what it has to be.
    case claim(_ name: String)
}
