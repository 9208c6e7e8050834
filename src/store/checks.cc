#include "store/checks.h"

#include <algorithm>
#include <string_view>

#include "store/store.h"

namespace parley::store {
namespace {

// Keeps the first thing that was wrong.
class Checker {
public:
    Checker& name(std::string_view text) noexcept {
        return within(text, name_size_max, Limit::name);
    }
    Checker& conversation(std::string_view text) noexcept {
        return within(text, conversation_size_max, Limit::name);
    }
    Checker& id(std::string_view text) noexcept { return within(text, id_size_max, Limit::size); }
    Checker& word(std::string_view text, std::size_t most) noexcept {
        return within(text, most, Limit::size);
    }
    /// May be empty.
    Checker& text(std::string_view text, std::size_t most) noexcept {
        if (text.size() > most) fail(Limit::size);
        return *this;
    }
    Checker& page(std::uint32_t& limit) noexcept {
        limit = std::clamp<std::uint32_t>(limit, 1, page_max);
        return *this;
    }
    /// Leaves each name once.
    Checker& names(std::vector<std::string>& names, std::size_t most, Limit beyond) {
        for (const std::string& each : names)
            name(each);
        std::ranges::sort(names);
        // Not of std::ranges: clang 14, which builds the fuzz targets, cannot read its answer.
        names.erase(std::unique(names.begin(), names.end()), names.end());
        if (names.size() > most) fail(beyond);
        return *this;
    }
    Status status() const noexcept { return status_; }

private:
    Checker& within(std::string_view text, std::size_t most, Limit limit) noexcept {
        if (text.empty() || text.size() > most) fail(limit);
        return *this;
    }
    void fail(Limit limit) noexcept {
        if (status_) status_ = limit_error(limit);
    }

    Status status_ = Ok{};
};

struct Check {
    Checker to;

    void operator()(SignIn& q) { to.name(q.user).name(q.device); }
    void operator()(AddMember& q) { to.name(q.user).name(q.group); }
    void operator()(RemoveMember& q) { to.name(q.user).name(q.group); }
    void operator()(SetGroups& q) {
        to.name(q.user).names(q.groups, groups_per_user_max, Limit::groups);
    }
    void operator()(SetRole& q) { to.name(q.user).name(q.group); }
    void operator()(GetRole& q) { to.name(q.user).name(q.group); }
    void operator()(GetMembers& q) { to.name(q.group).text(q.after, name_size_max).page(q.limit); }
    void operator()(SetSettings& q) { to.name(q.group).text(q.json, settings_size_max); }
    void operator()(GetSettings& q) { to.name(q.group); }
    void operator()(KeepMessage& q) {
        to.conversation(q.message.conversation).id(q.message.id).name(q.message.sender);
        to.text(q.message.body, body_size_max).names(q.users, queued_users_max, Limit::users);
        to.text(q.retry_key, id_size_max);
    }
    void operator()(GetHistory& q) { to.conversation(q.conversation).page(q.limit); }
    void operator()(EditMessage& q) {
        to.conversation(q.conversation).id(q.id).text(q.body, body_size_max);
    }
    void operator()(SetReceipt& q) { to.conversation(q.conversation).id(q.id).name(q.user); }
    void operator()(SetReaction& q) {
        to.conversation(q.conversation).id(q.id).name(q.user).word(q.emoji, emoji_size_max);
    }
    void operator()(Enqueue& q) {
        to.name(q.user).word(q.kind, kind_size_max).text(q.body, body_size_max);
        if (!q.message.empty()) to.conversation(q.conversation).id(q.message);
    }
    void operator()(GetQueue& q) { to.name(q.user).page(q.limit); }
    void operator()(SettleQueue& q) { to.name(q.user); }
    void operator()(SettleMessage& q) {
        to.name(q.user).conversation(q.conversation).id(q.message);
    }
    void operator()(RevokeToken& q) { to.id(q.id); }
    void operator()(GetRevoked& q) { to.text(q.after, id_size_max).page(q.limit); }
    void operator()(KeepRecording& q) {
        to.id(q.recording.id).conversation(q.recording.conversation).name(q.recording.sender);
        to.word(q.recording.file, file_size_max);
    }
    void operator()(GetRecordings& q) {
        to.text(q.conversation, conversation_size_max).text(q.after, id_size_max).page(q.limit);
    }
    void operator()(GetRecording& q) { to.id(q.id); }
    void operator()(ForgetRecording& q) { to.id(q.id); }
    void operator()(List& q) { to.text(q.after, conversation_size_max).page(q.limit); }
    void operator()(GetUser& q) { to.name(q.user); }
    void operator()(Expire&) {}
    /// What names one message and nothing else.
    template <class Q>
    void operator()(Q& q) {
        to.conversation(q.conversation).id(q.id);
    }
};

std::size_t size_of(const std::vector<std::string>& names) noexcept {
    std::size_t size = 0;
    for (const std::string& name : names)
        size += sizeof(std::string) + name.size();
    return size;
}

// The strings by whose size questions differ; names of a usual length are in sizeof(Question).
struct Size {
    template <class Q>
    std::size_t operator()(const Q& q) const noexcept {
        std::size_t size = 0;
        if constexpr (requires { q.user; }) size += q.user.size();
        if constexpr (requires { q.device; }) size += q.device.size();
        if constexpr (requires { q.group; }) size += q.group.size();
        if constexpr (requires { q.groups; }) size += size_of(q.groups);
        if constexpr (requires { q.users; }) size += size_of(q.users);
        if constexpr (requires { q.json; }) size += q.json.size();
        if constexpr (requires { q.body; }) size += q.body.size();
        if constexpr (requires { q.conversation; }) size += q.conversation.size();
        if constexpr (requires { q.message.body; }) size += of(q.message);
        if constexpr (requires { q.recording; }) size += q.recording.file.size();
        return size;
    }
    static std::size_t of(const Message& message) noexcept {
        return message.conversation.size() + message.sender.size() + message.body.size();
    }
};

}  // namespace

Status check(Question& question) noexcept {
    Check check;
    std::visit(check, question);
    return check.to.status();
}

std::size_t size_of(const Question& question) noexcept {
    return sizeof(Question) + std::visit(Size{}, question);
}

}  // namespace parley::store
