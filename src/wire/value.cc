// value: questions about MessagePack values, and the texts answers are made of.
#include "wire/value.h"

#include <algorithm>
#include <array>

#include "wire/item.h"
#include "wire/json.h"

namespace parley::wire {

namespace {

constexpr std::string_view acknowledged = "Acknowledged";
// The notation of undefined in the encoder that clients were written against.
constexpr std::array undefined_bytes{std::byte{0xd4}, std::byte{0}, std::byte{0}};

void append(Bytes bytes, std::vector<std::byte>& out) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

// `text` is JSON already.
void append_content(std::string_view message_id, std::string_view text,
                    std::vector<std::byte>& out) {
    std::string json = R"({"message_id":)";
    append_json_string(message_id, json);
    json += R"(,"text":)";
    json += text;
    json += '}';
    append_str(json, out);
}

}  // namespace

bool truthy(std::span<const std::byte> value) noexcept {
    auto item = Reader{value}.next();
    return item.ok() && is_truthy(*item);
}

void append_nil(std::vector<std::byte>& out) {
    append(Head::nil().bytes(), out);
}

void append_undefined(std::vector<std::byte>& out) {
    append(undefined_bytes, out);
}

void append_int(std::int64_t value, std::vector<std::byte>& out) {
    append(Head::integer(value).bytes(), out);
}

void append_str(std::string_view text, std::vector<std::byte>& out) {
    append(Head::str(text.size()).bytes(), out);
    append(as_bytes(text), out);
}

void append_bin(std::span<const std::byte> bytes, std::vector<std::byte>& out) {
    append(Head::bin(bytes.size()).bytes(), out);
    append(bytes, out);
}

std::size_t encode_str(std::string_view text, std::span<std::byte> out) noexcept {
    const Head head = Head::str(text.size());
    const Bytes head_bytes = head.bytes();
    const Bytes body = as_bytes(text);
    if (out.size() < head_bytes.size() || out.size() - head_bytes.size() < body.size()) return 0;
    const auto at = std::copy(head_bytes.begin(), head_bytes.end(), out.begin());
    std::copy(body.begin(), body.end(), at);
    return head_bytes.size() + body.size();
}

void append_start_answer(Scope scope, std::span<const std::byte> payload,
                         std::vector<std::byte>& out) {
    if (!truthy(payload)) {
        append_str(acknowledged, out);
    } else if (scope == Scope::group) {
        append_str(text_of(payload), out);
    } else {
        append(payload, out);
    }
}

void append_text_content(std::string_view message_id, std::span<const std::byte> payload,
                         std::vector<std::byte>& out) {
    const std::string text = text_of(payload);
    std::optional<std::string> member = json_text_member(text);
    if (!member) append_json_string(text, member.emplace());
    append_content(message_id, *member, out);
}

void append_interactive_content(std::string_view message_id, std::span<const std::byte> payload,
                                std::vector<std::byte>& out) {
    std::string text;
    append_json_string(json_of(payload), text);
    append_content(message_id, text, out);
}

void append_talk_summary(std::optional<std::string_view> message_id,
                         std::chrono::milliseconds duration, std::vector<std::byte>& out) {
    std::string json = R"({"duration":)" + std::to_string(duration.count()) + R"(,"message_id":)";
    if (message_id) {
        append_json_string(*message_id, json);
    } else {
        json += "null";
    }
    json += '}';
    append_str(json, out);
}

}  // namespace parley::wire
