// session::Origins: which web pages may open a connection.
//
// A browser names the page's origin (RFC 6454) in the upgrade request, and any page may try:
// nothing but this check keeps a stranger's page from speaking through its visitor's browser
// (cross-site WebSocket hijacking). Programs send no origin, and prove who they are by their token
// alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::session {

class Origins {
public:
    /// Pages of the server's own host, as the request's Host names it.
    enum class OwnHost : std::uint8_t {
        by_any_name,
        /// By address or as `localhost` alone: a name may be made to point here by whoever owns it
        /// (DNS rebinding), which matters where everybody is trusted.
        by_address,
    };

    /// No page but those of the own host.
    explicit Origins(OwnHost own_host) noexcept : own_host_(own_host) {}

    /// Lets in pages of one more origin, as `https://chat.example.com` or `http://localhost:3000`;
    /// `*` lets in all. False if it is no origin.
    bool allow(std::string_view origin);

    /// Whether a page of `origin`, which asked for `host`, may connect. Scheme, host and port must
    /// be the same; the case of the first two does not matter.
    bool allows(std::string_view origin, std::string_view host) const;

private:
    OwnHost own_host_;
    bool all_ = false;
    std::vector<std::string> allowed_;  // normalized
};

}  // namespace parley::session
