#include "store/redis_answer.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

namespace parley::store {
namespace {

using redis::Reply;
using Kind = Reply::Kind;

constexpr Error unexpected = redis::fault_error(redis::Fault::unexpected);

// Reads numbers and texts off the front of a packed text, and remembers whether all went well.
class Unpack {
public:
    explicit Unpack(std::string_view packed) noexcept : left_(packed) {}

    /// Up to the next space.
    std::string_view word() noexcept {
        const std::size_t end = left_.find(' ');
        if (end == std::string_view::npos) ok_ = false;
        const std::string_view taken = left_.substr(0, end);
        left_.remove_prefix(std::min(taken.size() + 1, left_.size()));
        return taken;
    }
    template <class T = std::int64_t>
    T number() noexcept {
        return number<T>(word());
    }
    template <class T = std::int64_t>
    T number(std::string_view text) noexcept {
        T value{};
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) ok_ = false;
        return value;
    }
    WallTime time() noexcept { return WallTime{WallTime::duration{number()}}; }
    std::string text(std::size_t size) {
        if (size > left_.size()) ok_ = false;
        std::string taken{left_.substr(0, size)};
        left_.remove_prefix(taken.size());
        return taken;
    }
    std::string rest() const { return std::string{left_}; }
    bool ok() const noexcept { return ok_; }

private:
    std::string_view left_;
    bool ok_ = true;
};

template <class T>
Result<Answer> whole(const Unpack& unpacked, T&& answer) {
    if (!unpacked.ok()) return unexpected;
    return Answer{std::forward<T>(answer)};
}

Result<Message> read_message(std::string conversation, Reply* parts) {
    Message message{.id = std::move(parts[0].text), .conversation = std::move(conversation)};
    Unpack head{parts[1].text};
    message.order = head.number<std::uint64_t>();
    message.kind = static_cast<MessageKind>(head.number<std::uint8_t>());
    message.sent = head.time();
    const std::string_view edited = head.word();
    if (edited != "-") message.edited = WallTime{WallTime::duration{head.number(edited)}};
    message.deleted = head.number() != 0;
    message.sender = head.rest();
    message.body = std::move(parts[2].text);
    if (!head.ok()) return unexpected;
    return message;
}

Result<Recording> read_recording(Reply* parts) {
    Recording recording{.id = std::move(parts[0].text)};
    Unpack packed{parts[1].text};
    recording.began = packed.time();
    recording.length = Duration{packed.number()};
    recording.bytes = packed.number<std::uint64_t>();
    const auto conversation = packed.number<std::size_t>();
    const auto sender = packed.number<std::size_t>();
    recording.conversation = packed.text(conversation);
    recording.sender = packed.text(sender);
    recording.file = packed.rest();
    if (!packed.ok()) return unexpected;
    return recording;
}

// A page: whether there is more, and then a number of parts for each entry.
class Pages {
public:
    Pages(Reply& reply, std::size_t parts) noexcept : reply_(reply), parts_(parts) {}

    bool is_page() const noexcept {
        return reply_.is(Kind::array) && !reply_.elements.empty() &&
               (reply_.elements.size() - 1) % parts_ == 0;
    }
    bool more() const noexcept { return reply_.elements.front().integer != 0; }
    std::size_t size() const noexcept { return (reply_.elements.size() - 1) / parts_; }
    Reply* entry(std::size_t at) noexcept { return &reply_.elements[1 + at * parts_]; }

private:
    Reply& reply_;
    const std::size_t parts_;
};

Result<Answer> read_signed_in(Reply& reply) {
    if (!reply.is(Kind::array) || reply.elements.size() != 2) return unexpected;
    SignedIn known;
    Reply& device = reply.elements[0];
    if (!device.is(Kind::nothing)) known.previous_device = std::move(device.text);
    for (Reply& group : reply.elements[1].elements)
        known.groups.push_back(std::move(group.text));
    return Answer{std::move(known)};
}

Result<Answer> read_members(Reply& reply) {
    Pages page{reply, 2};
    if (!page.is_page()) return unexpected;
    Members members{.more = page.more()};
    Unpack roles{{}};
    for (std::size_t i = 0; i < page.size(); ++i) {
        Reply* entry = page.entry(i);
        const auto role = static_cast<Role>(roles.number<std::uint8_t>(entry[1].text));
        members.members.push_back({std::move(entry[0].text), role});
    }
    return whole(roles, std::move(members));
}

Result<Answer> read_role(const Reply& reply) {
    if (reply.is(Kind::nothing)) return Answer{MemberRole{}};
    Unpack role{{}};
    const auto number = role.number<std::uint8_t>(reply.text);
    return whole(role, MemberRole{static_cast<Role>(number)});
}

Result<Answer> read_names(Reply& reply) {
    Pages page{reply, 1};
    if (!page.is_page()) return unexpected;
    Names names{.more = page.more()};
    for (std::size_t i = 0; i < page.size(); ++i)
        names.names.push_back(std::move(page.entry(i)->text));
    return Answer{std::move(names)};
}

Result<Answer> read_settings(Reply& reply) {
    if (reply.is(Kind::nothing)) return Answer{Settings{}};
    return Answer{Settings{std::move(reply.text)}};
}

Result<Answer> read_history(const std::string& conversation, Reply& reply) {
    Pages page{reply, 3};
    if (!page.is_page()) return unexpected;
    History history{.more = page.more()};
    for (std::size_t i = 0; i < page.size(); ++i) {
        PARLEY_TRY(Message message, read_message(conversation, page.entry(i)));
        history.messages.push_back(std::move(message));
    }
    std::ranges::sort(history.messages, {}, &Message::order);
    return Answer{std::move(history)};
}

Result<Answer> read_one_message(std::string conversation, Reply& reply) {
    if (reply.elements.empty()) return Answer{OneMessage{}};
    if (reply.elements.size() != 3) return unexpected;
    PARLEY_TRY(Message message, read_message(std::move(conversation), reply.elements.data()));
    return Answer{OneMessage{std::move(message)}};
}

Result<Answer> read_receipts(Reply& reply) {
    Receipts all;
    Unpack numbers{{}};
    for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
        const std::string& field = reply.elements[i].text;  // kind, ':' and the user
        if (field.size() < 2) return unexpected;
        const auto kind = numbers.number<std::uint8_t>({field.data(), 1});
        const WallTime at{WallTime::duration{numbers.number(reply.elements[i + 1].text)}};
        all.receipts.push_back({field.substr(2), static_cast<ReceiptKind>(kind), at});
    }
    std::ranges::sort(all.receipts, {}, [](const Receipt& each) {
        return std::pair{std::string_view{each.user}, each.kind};
    });
    return whole(numbers, std::move(all));
}

Result<Answer> read_reactions(Reply& reply) {
    Reactions all;
    for (const Reply& each : reply.elements) {
        const std::size_t colon = each.text.find(':');
        if (colon == std::string::npos) return unexpected;
        const std::string_view text = each.text;
        Unpack rest{text.substr(colon + 1)};
        const auto size = rest.number<std::size_t>(text.substr(0, colon));
        std::string user = rest.text(size);
        if (!rest.ok()) return unexpected;
        all.reactions.push_back({std::move(user), rest.rest()});
    }
    std::ranges::sort(all.reactions, {}, [](const Reaction& each) {
        return std::pair{std::string_view{each.user}, std::string_view{each.emoji}};
    });
    return Answer{std::move(all)};
}

Result<QueueEntry> read_entry(Reply& reply) {
    if (reply.elements.size() != 4 && reply.elements.size() != 8) return unexpected;
    Reply* parts = reply.elements.data();
    Unpack numbers{{}};
    QueueEntry entry{.seq = numbers.number<std::uint64_t>(parts[0].text),
                     .at = WallTime{WallTime::duration{numbers.number(parts[1].text)}},
                     .kind = std::move(parts[2].text),
                     .body = std::move(parts[3].text)};
    if (!numbers.ok()) return unexpected;
    if (reply.elements.size() == 4) return entry;
    PARLEY_TRY(entry.message, read_message(std::move(parts[4].text), parts + 5));
    return entry;
}

Result<Answer> read_queue(Reply& reply) {
    if (!reply.is(Kind::array) || reply.elements.size() < 3) return unexpected;
    Queue queue{.more = reply.elements[0].integer != 0,
                .last_seq = static_cast<std::uint64_t>(reply.elements[1].integer),
                .lost_up_to = static_cast<std::uint64_t>(reply.elements[2].integer)};
    for (Reply& each : std::span{reply.elements}.subspan(3)) {
        PARLEY_TRY(QueueEntry entry, read_entry(each));
        queue.entries.push_back(std::move(entry));
    }
    return Answer{std::move(queue)};
}

Result<Answer> read_revoked(Reply& reply) {
    Pages page{reply, 2};
    if (!page.is_page()) return unexpected;
    RevokedTokens revoked{.more = page.more()};
    Unpack times{{}};
    for (std::size_t i = 0; i < page.size(); ++i) {
        Reply* entry = page.entry(i);
        const WallTime until{WallTime::duration{times.number(entry[1].text)}};
        revoked.tokens.push_back({std::move(entry[0].text), until});
    }
    return whole(times, std::move(revoked));
}

Result<Answer> read_recordings(Reply& reply) {
    Pages page{reply, 2};
    if (!page.is_page()) return unexpected;
    Recordings recordings{.more = page.more()};
    for (std::size_t i = 0; i < page.size(); ++i) {
        PARLEY_TRY(Recording recording, read_recording(page.entry(i)));
        recordings.recordings.push_back(std::move(recording));
    }
    return Answer{std::move(recordings)};
}

Result<Answer> read_one_recording(Reply& reply) {
    if (reply.elements.empty()) return Answer{OneRecording{}};
    if (reply.elements.size() != 2) return unexpected;
    PARLEY_TRY(Recording recording, read_recording(reply.elements.data()));
    return Answer{OneRecording{std::move(recording)}};
}

Result<Answer> read_kept(Reply& reply) {
    if (reply.elements.size() != 4) return unexpected;
    return Answer{Kept{.order = static_cast<std::uint64_t>(reply.elements[0].integer),
                       .repeated = reply.elements[1].integer != 0,
                       .id = std::move(reply.elements[2].text),
                       .queued = reply.elements[3].integer != 0}};
}

std::optional<Error> refusal_in(const Reply& reply) noexcept {
    const bool paired = reply.is(Kind::array) && !reply.elements.empty();
    const Reply& said = paired ? reply.elements.front() : reply;
    if (!said.is(Kind::integer)) return {};
    switch (static_cast<Verdict>(said.integer)) {
        case Verdict::not_found:
            return trouble(Trouble::not_found);
        case Verdict::groups:
            return limit_error(Limit::groups);
        case Verdict::order:
            return limit_error(Limit::order);
        case Verdict::reactions:
            return limit_error(Limit::reactions);
    }
    return {};
}

}  // namespace

Result<Answer> read_answer(Script script, std::string conversation, Reply&& reply) {
    if (const auto refusal = refusal_in(reply)) return *refusal;
    switch (script) {
        case Script::sign_in:
        case Script::get_user:
            return read_signed_in(reply);
        case Script::get_members:
            return read_members(reply);
        case Script::get_role:
            return read_role(reply);
        case Script::list:
            return read_names(reply);
        case Script::get_settings:
            return read_settings(reply);
        case Script::keep_message:
            return read_kept(reply);
        case Script::get_history:
            return read_history(conversation, reply);
        case Script::get_message:
            return read_one_message(std::move(conversation), reply);
        case Script::get_receipts:
            return read_receipts(reply);
        case Script::get_reactions:
            return read_reactions(reply);
        case Script::enqueue:
            return Answer{Queued{static_cast<std::uint64_t>(reply.integer)}};
        case Script::get_queue:
            return read_queue(reply);
        case Script::get_revoked:
            return read_revoked(reply);
        case Script::get_recordings:
            return read_recordings(reply);
        case Script::get_recording:
            return read_one_recording(reply);
        default:
            break;
    }
    if (!reply.is(Kind::integer)) return unexpected;
    return Answer{Done{reply.integer != 0}};
}

}  // namespace parley::store
