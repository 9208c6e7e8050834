#include "server/membership_updates.h"

#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

#include "store/limits.h"

namespace parley::server {
namespace {

constexpr std::string_view channel = "vp:membership_updates";

/// What is published of one user: the longest names in as many groups as a user may be in, each
/// byte of them escaped.
constexpr std::size_t update_bytes_max =
    6 * store::name_size_max * (store::groups_per_user_max + 1) + 1024;

struct Update {
    std::string user;
    std::vector<std::string> groups;
};

bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= store::name_size_max;
}

// Ids are texts or whole numbers; only the text of a number is ever looked at.
std::optional<std::string> read_id(const simdjson::dom::element& element) {
    std::string_view text;
    std::int64_t number = 0;
    if (element.get(text) == simdjson::SUCCESS && is_name(text)) return std::string(text);
    if (element.get(number) == simdjson::SUCCESS) return std::to_string(number);
    return {};
}

// Nothing if it is no update of a user's groups. Missing groups are none; too many, or one that
// cannot be, spoil it all.
std::optional<Update> read_update(std::string_view text) {
    if (text.size() > update_bytes_max) return {};
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS) return {};
    std::string_view action;
    if (object["action"].get(action) != simdjson::SUCCESS || action != "set_user_channels")
        return {};
    simdjson::dom::element user;
    if (object["userId"].get(user) != simdjson::SUCCESS) return {};
    const std::optional<std::string> name = read_id(user);
    if (!name) return {};
    Update update{*name, {}};
    simdjson::dom::element ids;
    if (object["channelIds"].get(ids) != simdjson::SUCCESS) return update;
    simdjson::dom::array array;
    if (ids.get(array) != simdjson::SUCCESS || array.size() > store::groups_per_user_max) return {};
    for (const simdjson::dom::element id : array) {
        std::optional<std::string> group = read_id(id);
        if (!group) return {};
        update.groups.push_back(std::move(*group));
    }
    return update;
}

redis::Link::Options subscription(const redis::Access& access) {
    redis::Link::Options options = access.link_options();
    options.subscribes = true;
    return options;
}

}  // namespace

MembershipUpdates::MembershipUpdates(Shard& shard, group::Membership& membership,
                                     redis::Access* access)
    : shard_(shard), membership_(membership) {
    shard.on_record(RecordKind::membership_update,
                    Shard::RecordHandler::to<&MembershipUpdates::on_update>(*this));
    if (access == nullptr || raw(shard.id()) != 0) return;
    link_.emplace(shard, *access->dialer, subscription(*access),
                  static_cast<redis::Link::Owner&>(*this));
    link_->start();
}

void MembershipUpdates::stop() noexcept {
    if (link_) link_->stop();
}

std::size_t MembershipUpdates::greet(std::vector<std::byte>& out) noexcept {
    redis::append_command({"SUBSCRIBE", channel}, out);
    return 1;
}

bool MembershipUpdates::on_greeted(std::size_t, const redis::Reply& reply) noexcept {
    return reply.elements.size() == 3 && reply.elements[0].text == "subscribe";
}

// "message", the channel, and what was published.
bool MembershipUpdates::on_push(const redis::Reply& reply) noexcept {
    if (reply.elements.size() != 3 || reply.elements[0].text != "message") return false;
    const std::string& text = reply.elements[2].text;
    const std::optional<Update> update = read_update(text);
    if (!update) {
        ++ignored_;
        return true;
    }
    const ShardId home = shard_.home(shard_.key<UserKey>(update->user));
    if (home == shard_.id()) {
        membership_.set_groups(shard_.key<UserKey>(update->user), update->groups);
    } else {
        // Its home reads it for itself.
        const auto bytes = std::as_bytes(std::span{text});
        if (!shard_.post(home, RecordKind::membership_update, {bytes}, Urgency::lasting))
            ++ignored_;
    }
    return true;
}

void MembershipUpdates::on_update(ShardId, std::span<std::byte> record) noexcept {
    const auto update = read_update({reinterpret_cast<const char*>(record.data()), record.size()});
    if (update) membership_.set_groups(shard_.key<UserKey>(update->user), update->groups);
}

}  // namespace parley::server
