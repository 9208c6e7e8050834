#include "session/session.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "wire/value.h"

namespace parley::session {
namespace {

std::vector<std::byte> encode_user(const Identity& identity) {
    std::vector<std::byte> encoded;
    std::int64_t number = 0;
    const std::string& text = identity.user;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = problem == std::errc{} && end == text.data() + text.size();
    if (identity.user_is_integer && is_number) {
        wire::append_int(number, encoded);
    } else {
        wire::append_str(text, encoded);
    }
    return encoded;
}

}  // namespace

Session::Session(SessionContext& context, SessionRef ref, Admission admission,
                 int descriptor) noexcept
    : context_(context),
      ref_(ref),
      key_(context.net.shard.key<UserKey>(admission.identity.user)),
      identity_(std::move(admission.identity)),
      device_(std::move(admission.device)),
      encoded_user_(encode_user(identity_)),
      ping_payload_("voiceping:" + identity_.user),
      admission_(std::move(admission)),
      connection_(context.net, context.settings, descriptor, *this) {}

void Session::open() noexcept {
    Admission admission = std::exchange(admission_, Admission{});
    connection_.open(admission.reply, admission.received);
}

Subscription* Session::subscription(GroupKey group) noexcept {
    const auto found = std::ranges::find(subscriptions, group, &Subscription::group);
    return found == subscriptions.end() ? nullptr : &*found;
}

void Session::tell(const wire::Event& event) noexcept {
    const FrameRef frame = encode_event(context_.net.shard.frames(), event);
    if (!frame) return connection_.abort();  // out of memory for frames: it must not miss this
    connection_.send(frame, net::Delivery::lasting);
}

void Session::on_message(ws::Opcode opcode, std::span<std::byte> payload) noexcept {
    ++context_.messages_in;
    if (opcode == ws::Opcode::binary) return on_binary(payload);
    // The router of 2026 takes a text frame for bytes, the one of 2023 takes none.
    std::vector<std::byte> bytes;
    const bool taken = context_.dialect == wire::voiceping::Dialect::router_2026 &&
                       wire::voiceping::bytes_of_text(payload, bytes);
    if (taken) return on_binary(bytes);
    ++context_.messages_dropped;
}

void Session::on_binary(std::span<const std::byte> message) noexcept {
    Result<wire::Command> decoded = context_.decoder.decode(message);
    if (!decoded) {
        ++context_.messages_dropped;
        return;
    }
    wire::Command& command = *decoded;
    if (command.from.text != identity_.user) {
        if (!command.from.text.empty()) ++context_.senders_corrected;
        command.from = {identity_.user, encoded_user_};
    }
    context_.commands.on_command(*this, command);
}

void Session::on_closing() noexcept {
    context_.commands.on_leaving(*this);
}

void Session::on_closed() noexcept {
    context_.commands.on_gone(*this);
}

}  // namespace parley::session
