// voiceping::Decoder: from a message to a command.
#include <algorithm>
#include <optional>

#include "wire/item.h"
#include "wire/number.h"
#include "wire/utf8.h"
#include "wire/voiceping.h"

namespace parley::wire::voiceping {

namespace {

constexpr std::size_t elements_max = 6;  // those behind them are ignored
constexpr std::array nil_value{std::byte{0xc0}};
constexpr std::array zero_value{std::byte{0x00}};

const Id absent_id{.text = {}, .encoded = nil_value};
const Id zero_id{.text = "0", .encoded = zero_value};

// Who speaks to whom, so that the group's own requests and the receipts of direct messages can
// be told from what no client sends.
enum class Use : std::uint8_t { never, anywhere, group_only, direct_only };

struct MessageType {
    Use use = Use::never;
    Verb verb{};
};

MessageType message_type(double number) noexcept {
    // As the number is compared only, 1.5 and not-a-number are unknown types like any other.
    if (number == 1) return {Use::anywhere, Verb::floor_request};
    if (number == 2) return {Use::anywhere, Verb::floor_release};
    if (number == 3) return {Use::anywhere, Verb::audio};
    if (number == 4) return {Use::group_only, Verb::hello};
    if (number == 15) return {Use::group_only, Verb::join};
    if (number == 16) return {Use::group_only, Verb::leave};
    if (number == 17) return {Use::anywhere, Verb::text};
    if (number == 18) return {Use::anywhere, Verb::image};
    if (number == 20) return {Use::direct_only, Verb::delivered};
    if (number == 21) return {Use::direct_only, Verb::read};
    if (number == 23) return {Use::anywhere, Verb::interactive};
    if (number == 25) return {Use::anywhere, Verb::connection_test};
    return {};
}

Result<Scope> scope_of(const Item* channel) noexcept {
    if (channel == nullptr || !is_number(*channel)) return error_of(DecodeError::bad_channel);
    const double number = number_of(*channel);
    if (number == 0) return Scope::group;
    if (number == 1) return Scope::direct;
    return error_of(DecodeError::bad_channel);
}

Result<Verb> verb_of(const Item* type, Scope scope) noexcept {
    if (type == nullptr || !is_number(*type)) return error_of(DecodeError::bad_type);
    const MessageType known = message_type(number_of(*type));
    const Use other = scope == Scope::group ? Use::direct_only : Use::group_only;
    if (known.use == Use::never || known.use == other) return error_of(DecodeError::ignored_type);
    return known.verb;
}

// Writes `head` and `body` behind each other; they must fit.
Bytes join(const Head& head, Bytes body, std::span<std::byte> out) noexcept {
    const Bytes bytes = head.bytes();
    std::copy(body.begin(), body.end(), std::copy(bytes.begin(), bytes.end(), out.begin()));
    return out.first(bytes.size() + body.size());
}

}  // namespace

// The message's elements, each a whole value.
struct Decoder::Envelope {
    std::array<Item, elements_max> elements;
    std::size_t count = 0;  // of `elements`, at most

    const Item* at(std::size_t index) const noexcept {
        return index < count ? &elements[index] : nullptr;
    }
};

Decoder::Decoder(Dialect dialect) noexcept : dialect_(dialect) {
    // The first check of text that is not ASCII chooses how to use this processor, and allocates.
    static_cast<void>(is_utf8("\xff"));
}

Result<Decoder::Envelope> Decoder::read_envelope(Bytes message) noexcept {
    Reader reader{message};
    PARLEY_TRY(const Item array, reader.next());
    if (array.type != Type::array) return error_of(DecodeError::not_an_array);

    Envelope envelope;
    for (std::uint64_t i = 0; i < array.number; ++i) {
        PARLEY_TRY(const Item element, reader.value(depth_max - 1));
        if (i < elements_max) envelope.elements[envelope.count++] = element;
    }
    if (!reader.at_end()) return error_of(DecodeError::trailing_bytes);
    return envelope;
}

Result<Command> Decoder::decode(std::span<const std::byte> message) noexcept {
    release_scratch();
    PARLEY_TRY(const Envelope envelope, read_envelope(message));
    const bool has_message_id = envelope.count == elements_max;
    const Item* const from = envelope.at(2);
    const Item* const to = envelope.at(3);
    const Item* const message_id = has_message_id ? envelope.at(4) : nullptr;
    const Item* const payload = envelope.at(has_message_id ? 5 : 4);

    Command command;
    PARLEY_TRY(command.scope, scope_of(envelope.at(0)));
    PARLEY_TRY(command.verb, verb_of(envelope.at(1), command.scope));
    command.from = absent_id;
    if (from != nullptr) {
        PARLEY_TRY(command.from, read_id(*from, from_));
    }
    command.to = zero_id;
    if (to != nullptr && is_truthy(*to)) {
        PARLEY_TRY(command.to, read_id(*to, to_));
    }
    if (message_id != nullptr && is_truthy(*message_id)) {
        PARLEY_TRY(command.message_id, read_value(*message_id, message_id_));
    }
    if (payload != nullptr) {
        PARLEY_TRY(command.payload, read_payload(command.verb, *payload));
    }
    return command;
}

Result<Id> Decoder::read_id(const Item& item, IdScratch& scratch) noexcept {
    if (item.type == Type::nil || is_undefined(item)) return absent_id;
    if (is_container(item) || item.type == Type::ext) return error_of(DecodeError::bad_id);
    if (item.type == Type::str || item.type == Type::bin) return read_text_id(item, scratch);
    if (item.type == Type::boolean) {
        return Id{.text = item.number != 0 ? "true" : "false", .encoded = item.encoded};
    }

    const std::optional<Head> head = Head::of(item);
    if (!head) return error_of(DecodeError::unencodable);
    NumberText buffer;
    const std::string_view printed = print_number(number_of(item), buffer);
    std::copy(printed.begin(), printed.end(), scratch.text.begin());
    Id id{.text = {scratch.text.data(), printed.size()}, .encoded = item.encoded};
    if (!starts_with(item, *head)) id.encoded = join(*head, {}, scratch.encoded);
    return id;
}

Result<Id> Decoder::read_text_id(const Item& item, IdScratch& scratch) noexcept {
    Id id{.text = as_text(item.body), .encoded = item.encoded};
    if (id.text.size() > id_bytes_max) return error_of(DecodeError::id_too_long);
    const bool is_valid = is_utf8(id.text);
    if (!is_valid) {
        const std::size_t bytes = repair_utf8(id.text, scratch.text);
        if (bytes > id_bytes_max) return error_of(DecodeError::id_too_long);
        id.text = {scratch.text.data(), bytes};
    }
    if (item.type == Type::str && !is_valid) {
        id.encoded = join(Head::str(id.text.size()), as_bytes(id.text), scratch.encoded);
        return id;
    }
    const Head head =
        item.type == Type::str ? Head::str(item.body.size()) : Head::bin(item.body.size());
    if (!starts_with(item, head)) id.encoded = join(head, item.body, scratch.encoded);
    return id;
}

Result<Bytes> Decoder::read_value(const Item& item, std::vector<std::byte>& scratch) noexcept {
    scratch.clear();
    const bool is_rebuilt = is_container(item) || item.type == Type::ext ||
                            (item.type == Type::str && !is_utf8(as_text(item.body)));
    if (is_rebuilt) {
        if (item.encoded.size() > rebuilt_bytes_max) return error_of(DecodeError::too_large);
        PARLEY_TRY([[maybe_unused]] Ok rebuilt, canonicaliser_.append(item.encoded, scratch));
        return Bytes{scratch};
    }
    const std::optional<Head> head = Head::of(item);
    if (!head) return error_of(DecodeError::unencodable);
    if (starts_with(item, *head)) return item.encoded;
    scratch.resize(head->bytes().size() + item.body.size());
    return join(*head, item.body, scratch);
}

void Decoder::release_scratch() noexcept {
    const auto shed = [](auto& kept) {
        if (kept.capacity() * sizeof(kept[0]) > scratch_kept_bytes_max) kept = {};
    };
    shed(message_id_);
    shed(payload_);
    shed(byte_entries_);
    if (canonicaliser_.kept_bytes() > scratch_kept_bytes_max) canonicaliser_ = {};
}

}  // namespace parley::wire::voiceping
