// session::Credentials: what a VoicePing client says about itself while it connects.
//
// Pure: finds the token and the device id among the request's headers. Whether the token is worth
// anything is decided by session::Authenticator.
#pragma once

#include <string_view>

namespace parley::session {

/// The values of the headers that may carry credentials; empty where a header was not sent.
struct CredentialHeaders {
    std::string_view token;
    std::string_view voicepingtoken;
    std::string_view device_id;
    std::string_view deviceid;
    std::string_view protocols;      ///< Sec-WebSocket-Protocol, the whole list
    std::string_view authorization;  ///< only the scheme Bearer counts
};

/// Views into the headers.
struct Credentials {
    /// `token`, else `voicepingtoken`, else the first protocol, else the bearer; empty if none.
    std::string_view token;
    /// `device_id`, else `deviceid`, else the second protocol, else the token. It may thus be a
    /// secret: never log it.
    std::string_view device;
    /// The first protocol, wherever the token came from: to be echoed, or a browser gives up.
    std::string_view subprotocol;
    bool has_subprotocol = false;  ///< false: echo nothing
};

/// Splits the protocol list at commas and ignores blanks around entries and empty entries.
/// Threads: any. Cannot fail: without a token the result says so by being empty.
Credentials find_credentials(const CredentialHeaders& headers) noexcept;

}  // namespace parley::session
