#include "net/tls_tickets.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/assert.h"
#include "net/limits.h"

namespace parley::net::tls {
namespace {

TicketKey fresh_key() {
    TicketKey key;
    PARLEY_ASSERT(RAND_bytes(key.name.data(), key.name.size()) == 1);
    PARLEY_ASSERT(RAND_priv_bytes(key.cipher.data(), key.cipher.size()) == 1);
    PARLEY_ASSERT(RAND_priv_bytes(key.mac.data(), key.mac.size()) == 1);
    return key;
}

}  // namespace

TicketKeys::TicketKeys(Instant now) : current_(fresh_key()), current_since_(now) {}

TicketKeys::~TicketKeys() {
    OPENSSL_cleanse(&current_, sizeof(current_));
    OPENSSL_cleanse(&last_, sizeof(last_));
}

void TicketKeys::rotate(Instant now) {
    const Duration age = now - current_since_;
    if (age < ticket_key_life) return;
    last_ = current_;
    has_last_ = age < 2 * ticket_key_life;  // nobody asked for that long: it is too old as well
    current_ = fresh_key();
    current_since_ = now;
}

TicketKey TicketKeys::sealing(Instant now) {
    const std::lock_guard lock{mutex_};
    rotate(now);
    return current_;
}

std::optional<TicketKeys::Found> TicketKeys::opening(std::span<const unsigned char, 16> name,
                                                     Instant now) {
    const std::lock_guard lock{mutex_};
    rotate(now);
    // Names are public: no need for constant time.
    if (std::ranges::equal(name, current_.name)) return Found{current_, false};
    if (has_last_ && std::ranges::equal(name, last_.name)) return Found{last_, true};
    return std::nullopt;
}

}  // namespace parley::net::tls
