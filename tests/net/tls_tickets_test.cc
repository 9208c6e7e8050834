#include "net/tls_tickets.h"

#include <gtest/gtest.h>

#include "net/limits.h"

namespace parley::net::tls {
namespace {

using std::chrono::seconds;

constexpr Instant start{std::chrono::hours{1000}};

TEST(TicketKeys, OpensWhatItSealed) {
    TicketKeys keys{start};
    const TicketKey key = keys.sealing(start);
    const auto found = keys.opening(key.name, start + ticket_key_life - seconds{1});
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->key.cipher, key.cipher);
    EXPECT_EQ(found->key.mac, key.mac);
    EXPECT_FALSE(found->is_old);
    EXPECT_EQ(keys.sealing(start + ticket_key_life - seconds{1}).name, key.name);
}

TEST(TicketKeys, ChangeAfterTheirLifeAndOpenForAnother) {
    TicketKeys keys{start};
    const TicketKey first = keys.sealing(start);
    const TicketKey second = keys.sealing(start + ticket_key_life);
    EXPECT_NE(first.name, second.name);
    EXPECT_NE(first.cipher, second.cipher);
    const auto old = keys.opening(first.name, start + 2 * ticket_key_life - seconds{1});
    ASSERT_TRUE(old.has_value());
    EXPECT_TRUE(old->is_old);
    EXPECT_EQ(old->key.cipher, first.cipher);
    EXPECT_FALSE(keys.opening(first.name, start + 2 * ticket_key_life).has_value());
    EXPECT_TRUE(keys.opening(second.name, start + 2 * ticket_key_life).has_value());
}

TEST(TicketKeys, AreForgottenWhenNobodyCameForLong) {
    TicketKeys keys{start};
    const TicketKey first = keys.sealing(start);
    EXPECT_FALSE(keys.opening(first.name, start + 2 * ticket_key_life).has_value());
}

TEST(TicketKeys, OpenNothingOfAnotherServer) {
    TicketKeys keys{start};
    TicketKeys others{start};
    EXPECT_FALSE(keys.opening(others.sealing(start).name, start).has_value());
}

}  // namespace
}  // namespace parley::net::tls
