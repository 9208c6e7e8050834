#include "session/session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/assert.h"
#include "session/limits.h"
#include "wire/value.h"

namespace parley::session {
namespace {

constexpr std::string_view ping_prefix = "voiceping:";
constexpr std::string_view too_fast = "too many requests";
static_assert(store::name_size_max <= UINT16_MAX, "a session keeps the size of a name in 16 bits");

std::unique_ptr<char[]> exact_copy(std::string_view text) {
    auto copy = std::make_unique_for_overwrite<char[]>(text.size());
    std::ranges::copy(text, copy.get());
    return copy;
}

}  // namespace

Session::Session(SessionContext& context, const SessionRef& ref, Admission admission,
                 int descriptor) noexcept
    : Connection(context, descriptor),
      user_is_integer_(admission.identity.user_is_integer),
      user_size_(static_cast<std::uint16_t>(admission.identity.user.size())),
      slot_(ref.slot),
      generation_(ref.generation),
      key_(context.net.shard.key<UserKey>(admission.identity.user)),
      user_(exact_copy(admission.identity.user)) {
    PARLEY_ASSERT(admission.identity.user.size() <= store::name_size_max);
    const bool is_new =
        context.arrivals.try_emplace(slot_, Arrival{.admission = std::move(admission)}).second;
    PARLEY_ASSERT(is_new);
}

Session::~Session() {
    context().arrivals.erase(slot_);
}

Arrival& Session::arrival() const noexcept {
    const auto found = context().arrivals.find(slot_);
    PARLEY_ASSERT(found != context().arrivals.end());
    return found->second;
}

void Session::forget_if_arrived() noexcept {
    const Arrival& mine = arrival();
    if (mine.is_open && mine.is_answered) context().arrivals.erase(slot_);
}

void Session::open() noexcept {
    Arrival& mine = arrival();
    const std::string reply = std::exchange(mine.admission.reply, {});
    std::vector<std::byte> received = std::exchange(mine.admission.received, {});
    if (mine.admission.deflate) agree(*mine.admission.deflate);
    std::unique_ptr<net::tls::Channel> channel = std::move(mine.admission.channel);
    mine.is_open = true;
    forget_if_arrived();
    Connection::open(reply, received, std::move(channel));
}

void Session::finish_sign_in() noexcept {
    stop_waiting();
    arrival().is_answered = true;
    forget_if_arrived();
}

void Session::stop_waiting() noexcept {
    arrival().waits = false;
    for (const std::vector<std::byte>& message : std::exchange(arrival().held, {})) {
        if (!is_open()) return;
        Result<wire::Command> command = context().decoder.decode(message);
        PARLEY_ASSERT(command.ok());
        stamp(*command);
        context().commands.on_command(*this, *command);
    }
}

// Beyond the bound it is carried out at once, with what is known.
bool Session::holds(const wire::Command& command, std::span<const std::byte> message) noexcept {
    const auto found = context().arrivals.find(slot_);
    if (found == context().arrivals.end() || !found->second.waits) return false;
    Arrival& mine = found->second;
    if (mine.held_bytes + message.size() > held_bytes_max) return false;
    if (!context().commands.depends_on_sign_in(*this, command)) return false;
    mine.held_bytes += message.size();
    mine.held.emplace_back(message.begin(), message.end());
    return true;
}

std::span<const std::byte> Session::encoded_user() const noexcept {
    std::vector<std::byte>& encoded = context().encoded_user;
    encoded.clear();
    std::int64_t number = 0;
    const std::string_view text = user();
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = problem == std::errc{} && end == text.data() + text.size();
    if (user_is_integer_ && is_number) {
        wire::append_int(number, encoded);
    } else {
        wire::append_str(text, encoded);
    }
    return encoded;
}

Subscription* Session::subscription(GroupKey group) noexcept {
    const auto found = std::ranges::find(subscriptions, group, &Subscription::group);
    return found == subscriptions.end() ? nullptr : &*found;
}

void Session::tell(const wire::Event& event) noexcept {
    ws::Outgoing message = encode_message(context().net.shard.frames(), event);
    if (!message) return abort();  // out of memory for frames: it must not miss this
    send(message);
}

void Session::on_message(ws::Opcode opcode, std::span<std::byte> payload) noexcept {
    ++context().messages_in;
    if (opcode == ws::Opcode::binary) return on_binary(payload);
    // The router of 2026 takes a text frame for bytes, the one of 2023 takes none.
    std::vector<std::byte> bytes;
    const bool taken = context().dialect == wire::voiceping::Dialect::router_2026 &&
                       wire::voiceping::bytes_of_text(payload, bytes);
    if (taken) return on_binary(bytes);
    on_garbage(payload.size());
}

// Who it is from is what the session knows, never what the message claims.
void Session::stamp(wire::Command& command) const noexcept {
    if (command.from.text != user()) command.from = {user(), encoded_user()};
}

void Session::on_binary(std::span<const std::byte> message) noexcept {
    SessionContext& shared = context();
    Result<wire::Command> decoded = shared.decoder.decode(message);
    if (!decoded) return on_garbage(message.size());
    wire::Command& command = *decoded;
    if (command.verb != wire::Verb::image && message.size() > shared.message_bytes_max) {
        return close(ws::CloseCode::too_big, "only an image may be that long");
    }
    const bool claims_another = !command.from.text.empty() && command.from.text != user();
    if (claims_another) ++shared.senders_corrected;
    stamp(command);
    if (!keeps_pace(command)) return;
    if (!shared.arrivals.empty() && holds(command, message)) return;
    shared.commands.on_command(*this, command);
}

void Session::on_garbage(std::size_t size) noexcept {
    SessionContext& shared = context();
    ++shared.messages_dropped;
    if (size > shared.message_bytes_max) {
        return close(ws::CloseCode::too_big, "only an image may be that long");
    }
    const auto verdict = shared.paces.judge_garbage(key_, shared.net.shard.now());
    if (verdict == Paces::Verdict::close) close(ws::CloseCode::overrun, too_fast);
}

// Beyond the pace of its user a message is dropped, and never in silence.
bool Session::keeps_pace(const wire::Command& command) noexcept {
    const std::size_t audio_bytes =
        command.verb == wire::Verb::audio ? audio_content_size(command.payload) : 0;
    SessionContext& shared = context();
    switch (shared.paces.judge(key_, command.verb, audio_bytes, shared.net.shard.now())) {
        case Paces::Verdict::pass:
            return true;
        case Paces::Verdict::drop:
            return false;
        case Paces::Verdict::refuse:
            tell_too_fast(command);
            return false;
        case Paces::Verdict::close:
            close(ws::CloseCode::overrun, too_fast);
            return false;
    }
    return false;
}

// The protocol has no error for all cases: START_FAILED for a START, as when the floor is taken,
// and UNAUTHORIZED_GROUP, its only other refusal, for everything else. Both carry words.
void Session::tell_too_fast(const wire::Command& command) noexcept {
    const bool is_start = command.verb == wire::Verb::floor_request;
    std::array<std::byte, 32> words;
    const std::size_t size = wire::encode_str("Too Many Requests", words);
    tell({.kind = is_start ? wire::Kind::floor_refused : wire::Kind::not_a_member,
          .scope = is_start ? command.scope : wire::Scope::group,
          .from = command.from.encoded,
          .to = command.to.encoded,
          .payload = std::span{words}.first(size)});
}

std::size_t Session::write_ping(PingPayload payload) const noexcept {
    static_assert(ping_prefix.size() < ws::control_bytes_max);
    const auto prefix = std::as_bytes(std::span{ping_prefix});
    const auto name = std::as_bytes(std::span{user()});
    const std::size_t name_size = std::min(name.size(), payload.size() - prefix.size());
    const auto end = std::ranges::copy(prefix, payload.begin()).out;
    std::ranges::copy(name.first(name_size), end);
    return prefix.size() + name_size;
}

void Session::on_pong(std::span<const std::byte> payload) noexcept {
    context().commands.on_pong(*this, payload);
}

void Session::on_closing() noexcept {
    context().commands.on_leaving(*this);
}

void Session::on_gone() noexcept {
    context().commands.on_gone(*this);
}

}  // namespace parley::session
