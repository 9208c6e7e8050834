// Which web pages may connect (V24 of the advisories: cross-site WebSocket hijacking).
#include "session/origins.h"

#include <gtest/gtest.h>

namespace parley::session {
namespace {

constexpr auto by_any_name = Origins::OwnHost::by_any_name;
constexpr auto by_address = Origins::OwnHost::by_address;

Origins with(std::string_view allowed) {
    Origins origins{by_any_name};
    EXPECT_TRUE(origins.allow(allowed));
    return origins;
}

TEST(Origins, AllowsExactlyWhatIsListed) {
    const Origins origins = with("https://example.com");
    EXPECT_TRUE(origins.allows("https://example.com", "parley.test"));
    EXPECT_TRUE(origins.allows("HTTPS://Example.COM", "parley.test"));
    EXPECT_TRUE(origins.allows("https://example.com:443", "parley.test"));
}

TEST(Origins, RefusesWhatOnlyLooksLikeIt) {
    const Origins origins = with("https://example.com");
    for (const char* other :
         {"http://example.com", "https://example.com:8443", "https://evil-example.com",
          "https://example.com.evil", "https://sub.example.com", "https://example.com.",
          "https://example.com@evil.test", "https://example.com/", "https://example.com#",
          "wss://example.com", "https://", "https://:443",
          "https://example.com:", "https://example.com:0443", "https://example.com:99999",
          "https:/example.com", "https://example.com https://example.com", "example.com", ""}) {
        EXPECT_FALSE(origins.allows(other, "parley.test")) << other;
    }
}

TEST(Origins, RefusesWhatIsNoPageOnTheWeb) {
    Origins origins{by_any_name};
    for (const char* other : {"null", "file://", "file:///home", "chrome-extension://abc"}) {
        EXPECT_FALSE(origins.allow(other)) << other;
        EXPECT_FALSE(origins.allows(other, "null")) << other;
    }
}

TEST(Origins, AllowsAllOnlyIfTold) {
    const Origins all = with("*");
    EXPECT_TRUE(all.allows("https://anybody.test", "parley.test"));
    EXPECT_TRUE(all.allows("null", "parley.test"));
}

TEST(Origins, AllowsPagesOfTheOwnHost) {
    const Origins origins{by_any_name};
    EXPECT_TRUE(origins.allows("http://parley.test:7420", "parley.test:7420"));
    EXPECT_TRUE(origins.allows("https://parley.test", "parley.test"));  // behind a proxy with TLS
    EXPECT_TRUE(origins.allows("http://[::1]:7420", "[::1]:7420"));
    EXPECT_FALSE(origins.allows("http://parley.test:3000", "parley.test:7420"));
    EXPECT_FALSE(origins.allows("http://other.test:7420", "parley.test:7420"));
    EXPECT_FALSE(origins.allows("http://parley.test:7420", ""));
}

TEST(Origins, BelievesNoNameWhereEverybodyIsTrusted) {
    const Origins origins{by_address};
    EXPECT_TRUE(origins.allows("http://127.0.0.1:7420", "127.0.0.1:7420"));
    EXPECT_TRUE(origins.allows("http://localhost:7420", "localhost:7420"));
    EXPECT_TRUE(origins.allows("http://[::1]:7420", "[::1]:7420"));
    // Made to point to 127.0.0.1 by its owner while the page is open.
    EXPECT_FALSE(origins.allows("http://evil.test:7420", "evil.test:7420"));
    EXPECT_FALSE(origins.allows("http://127.0.0.1.evil.test:7420", "127.0.0.1.evil.test:7420"));
}

}  // namespace
}  // namespace parley::session
