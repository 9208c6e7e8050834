#include "chat/receipts.h"

#include <array>
#include <cstring>

#include "chat/limits.h"
#include "session/event_record.h"
#include "wire/value.h"
#include "wire/voiceping.h"

namespace parley::chat {
namespace {

constexpr store::Ticket nobody_waits{0};

struct Head {
    std::array<std::uint32_t, 4> sizes{};  // from, to, ids, body
    store::ReceiptKind kind{};
};

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span{text});
}

// The ids that a receipt names: one, or a JSON list of them. Ids hold no quotation marks of their
// own, unless a user's name does; then that message is settled by a pong.
std::vector<std::string_view> ids_in(std::string_view text) {
    std::vector<std::string_view> ids;
    if (!text.starts_with('[')) {
        if (!text.empty() && text.size() <= store::id_size_max) ids.push_back(text);
        return ids;
    }
    while (ids.size() < receipt_ids_max) {
        const std::size_t open = text.find('"');
        if (open == std::string_view::npos) break;
        const std::size_t close = text.find('"', open + 1);
        if (close == std::string_view::npos) break;
        const std::string_view id = text.substr(open + 1, close - open - 1);
        if (!id.empty() && id.size() <= store::id_size_max) ids.push_back(id);
        text.remove_prefix(close + 1);
    }
    return ids;
}

}  // namespace

Receipts::Receipts(Shard& shard, store::Store& store, Delivery& delivery) noexcept
    : shard_(shard), store_(store), delivery_(delivery) {
    shard.on_record(RecordKind::chat_receipt,
                    Shard::RecordHandler::to<&Receipts::on_record>(*this));
}

void Receipts::on_receipt(session::Session& from, const wire::Command& command) noexcept {
    const std::string ids =
        wire::text_of(command.message_id.empty() ? command.payload : command.message_id);
    const std::string conversation = store::direct_conversation(from.user(), command.to.text);
    for (const std::string_view id : ids_in(ids))
        delivery_.on_receipt(from, delivery_.key_of(conversation, id));

    const bool is_read = command.verb == wire::Verb::read;
    const wire::Event event{.kind = is_read ? wire::Kind::read : wire::Kind::delivered,
                            .scope = command.scope,
                            .from = command.from.encoded,
                            .to = command.to.encoded,
                            .message_id = command.message_id,
                            .payload = command.payload};
    std::vector<std::byte> body(wire::voiceping::encoded_size(event));
    wire::voiceping::encode(event, body);
    const auto size = [](const auto& part) { return static_cast<std::uint32_t>(part.size()); };
    const Head head{.sizes = {size(from.user()), size(command.to.text), size(ids), size(body)},
                    .kind = is_read ? store::ReceiptKind::read : store::ReceiptKind::delivered};
    const ShardId home = shard_.home(shard_.key<UserKey>(command.to.text));
    if (home == shard_.id()) {
        const std::string_view whole{reinterpret_cast<const char*>(body.data()), body.size()};
        return keep(head.kind, {from.user(), command.to.text, ids, whole});
    }
    shard_.post(home, RecordKind::chat_receipt,
                {session::bytes_of(head), bytes_of(from.user()), bytes_of(command.to.text),
                 bytes_of(ids), body},
                Urgency::lasting);
}

void Receipts::on_record(ShardId, std::span<std::byte> record) noexcept {
    Head head;
    std::memcpy(&head, record.data(), sizeof(head));
    std::string_view rest{reinterpret_cast<const char*>(record.data()), record.size()};
    rest.remove_prefix(sizeof(head));
    std::vector<std::string_view> parts;
    for (const std::uint32_t size : head.sizes) {
        parts.push_back(rest.substr(0, size));
        rest.remove_prefix(size);
    }
    keep(head.kind, parts);
}

void Receipts::keep(store::ReceiptKind kind, const std::vector<std::string_view>& parts) noexcept {
    const std::string_view from = parts[0];
    const std::string_view to = parts[1];
    const std::vector<std::string_view> ids = ids_in(parts[2]);
    Waiting waiting{.to = shard_.key<UserKey>(to),
                    .conversation = store::direct_conversation(from, to),
                    .id = ids.empty() ? std::string{} : std::string(ids.front()),
                    .body = std::string(parts[3])};
    if (ids.empty() || bytes_ + waiting.body.size() > receipts_bytes_max) {
        return pass_on(waiting, false);
    }
    const WallTime now = shard_.wall_now();
    for (const std::string_view id : ids) {
        store_.ask(
            *this, nobody_waits,
            store::SetReceipt{waiting.conversation, std::string(id), std::string(from), kind, now});
    }
    store::Enqueue question{.user = std::string(to),
                            .kind = kind == store::ReceiptKind::read ? "read" : "delivered",
                            .body = waiting.body,
                            .at = now,
                            .conversation = waiting.conversation,
                            .message = waiting.id};
    bytes_ += waiting.body.size();
    waiting_.emplace(++tickets_, std::move(waiting));
    store_.ask(*this, store::Ticket{tickets_}, std::move(question));
}

void Receipts::on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept {
    if (ticket == nobody_waits) return;
    const auto found = waiting_.find(static_cast<std::uint64_t>(ticket));
    PARLEY_ASSERT(found != waiting_.end());
    const Waiting waiting = std::move(found->second);
    waiting_.erase(found);
    bytes_ -= waiting.body.size();
    pass_on(waiting, answer.ok());
}

void Receipts::pass_on(const Waiting& waiting, bool queued) noexcept {
    const auto body = bytes_of(waiting.body);
    delivery_.to_user(waiting.to, {.conversation = waiting.conversation,
                                   .id = waiting.id,
                                   .body = body,
                                   .key = delivery_.key_of(body),
                                   .queued = queued});
}

}  // namespace parley::chat
