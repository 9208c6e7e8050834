// server::MembershipUpdates: a control plane says which groups a user is in, and it is so at once.
//
//   PUBLISH vp:membership_updates ─▶ link of the first shard ─▶ user's home ─▶ Membership
//
// Nothing is stored: whoever publishes has done that. A message that cannot be understood, or asks
// for something else, is ignored and counted. What is published while the link is down is missed;
// the user's next sign-in reads the store.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "group/membership.h"
#include "redis/access.h"
#include "shard/shard.h"

namespace parley::server {

/// One on every shard; that of the first listens.
class MembershipUpdates final : private redis::Link::Owner {
public:
    /// `access`: null without a Redis.
    MembershipUpdates(Shard& shard, group::Membership& membership, redis::Access* access);
    MembershipUpdates(const MembershipUpdates&) = delete;
    MembershipUpdates& operator=(const MembershipUpdates&) = delete;
    ~MembershipUpdates() = default;

    /// Must be stopped, and idle, before it goes.
    void stop() noexcept;
    bool idle() const noexcept { return !link_ || link_->idle(); }

    std::uint64_t ignored() const noexcept { return ignored_; }

private:
    std::size_t greet(std::vector<std::byte>& out) noexcept override;
    bool on_greeted(std::size_t number, const redis::Reply& reply) noexcept override;
    bool on_push(const redis::Reply& reply) noexcept override;
    void on_update(ShardId from, std::span<std::byte> record) noexcept;

    Shard& shard_;
    group::Membership& membership_;
    std::optional<redis::Link> link_;
    std::uint64_t ignored_ = 0;
};

}  // namespace parley::server
