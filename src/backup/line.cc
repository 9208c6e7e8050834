#include "backup/line.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <sodium.h>
#include <utility>

#include "base/assert.h"

namespace parley::backup {
namespace {

using store::KeepMessage;

std::string base64(std::string_view bytes) {
    std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    out.pop_back();  // its terminating zero
    return out;
}

bool from_base64(std::string_view text, std::string& bytes) {
    bytes.resize(text.size());
    std::size_t size = 0;
    const char* end = nullptr;
    const int failed =
        sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL);
    bytes.resize(size);
    return failed == 0 && end == text.data() + text.size();
}

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char each : text) {
        if (each == '"' || each == '\\') {
            out += '\\';
            out += each;
        } else if (static_cast<unsigned char>(each) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(each));
        } else {
            out += each;
        }
    }
    return out + '"';
}

struct Bytes {
    std::string& of;
};

// Writes the members of an object, one after the other.
class Writer {
public:
    explicit Writer(std::string_view what) { out_ = fmt::format("{{{}:{{", json_text(what)); }
    void operator()(const char* name, const std::string& text) {
        const bool is_text = simdjson::validate_utf8(text.data(), text.size());
        put(name, is_text ? json_text(text) : fmt::format("{{\"base64\":\"{}\"}}", base64(text)));
    }
    void operator()(const char* name, Bytes bytes) {
        put(name, fmt::format("{{\"base64\":\"{}\"}}", base64(bytes.of)));
    }
    void operator()(const char* name, std::uint64_t number) { put(name, fmt::to_string(number)); }
    void operator()(const char* name, bool truth) { put(name, truth ? "true" : "false"); }
    void operator()(const char* name, WallTime time) {
        put(name, fmt::to_string(time.time_since_epoch().count()));
    }
    void operator()(const char* name, Duration length) {
        put(name, fmt::to_string(length.count()));
    }
    void operator()(const char* name, const std::optional<WallTime>& time) {
        if (time) (*this)(name, *time);
    }
    template <class Kind>
    requires std::is_enum_v<Kind>
    void operator()(const char* name, Kind kind) {
        (*this)(name, static_cast<std::uint64_t>(kind));
    }
    std::string end() { return std::move(out_) + "}}"; }

private:
    void put(const char* name, std::string_view json) {
        if (!first_) out_ += ',';
        first_ = false;
        out_ += fmt::format("\"{}\":{}", name, json);
    }
    std::string out_;
    bool first_ = true;
};

// Reads them; a member that is missing stays as it is, unless it is a text.
class Reader {
public:
    explicit Reader(simdjson::dom::element object) : object_(object) {}
    void operator()(const char* name, std::string& text) { take(name, text); }
    void operator()(const char* name, Bytes bytes) { take(name, bytes.of); }
    void operator()(const char* name, std::uint64_t& number) { number_of(name, number); }
    void operator()(const char* name, bool& truth) {
        if (object_[name].get(truth) == simdjson::INCORRECT_TYPE) fail(name);
    }
    void operator()(const char* name, WallTime& time) {
        std::int64_t count = 0;
        number_of(name, count);
        time = WallTime{std::chrono::milliseconds{count}};
    }
    void operator()(const char* name, Duration& length) {
        std::int64_t count = 0;
        number_of(name, count);
        length = Duration{count};
    }
    void operator()(const char* name, std::optional<WallTime>& time) {
        if (!object_[name].error()) (*this)(name, time.emplace());
    }
    template <class Kind>
    requires std::is_enum_v<Kind>
    void operator()(const char* name, Kind& kind) {
        std::uint64_t number = 0;
        number_of(name, number);
        if (number > last_of(kind)) fail(name);
        kind = static_cast<Kind>(number);
    }
    const std::string& error() const { return error_; }

private:
    static std::uint64_t last_of(store::Role) { return 2; }
    static std::uint64_t last_of(store::MessageKind) { return 4; }
    static std::uint64_t last_of(store::ReceiptKind) { return 1; }
    void take(const char* name, std::string& text) {
        std::string_view found;
        if (object_[name].get(found) == simdjson::SUCCESS) {
            text = found;
        } else if (object_[name]["base64"].get(found) != simdjson::SUCCESS ||
                   !from_base64(found, text)) {
            fail(name);
        }
    }
    template <class Number>
    void number_of(const char* name, Number& number) {
        if (object_[name].get(number) != simdjson::SUCCESS) fail(name);
    }
    void fail(const char* name) {
        if (error_.empty()) error_ = fmt::format("\"{}\" is missing or is no such value", name);
    }
    simdjson::dom::element object_;
    std::string error_;
};

// The members of each sort of line: one list for both ways.
template <class To>
void members(To& to, store::SignIn& q) {
    to("name", q.user);
    to("device", q.device);
}
template <class To>
void members(To& to, store::AddMember& q) {
    to("user", q.user);
    to("group", q.group);
    to("role", q.role);
}
template <class To>
void members(To& to, store::SetSettings& q) {
    to("group", q.group);
    to("json", q.json);
}
template <class To>
void members(To& to, KeepMessage& q) {
    store::Message& m = q.message;
    to("conversation", m.conversation);
    to("order", m.order);
    to("id", m.id);
    to("sender", m.sender);
    to("kind", m.kind);
    to("sent", m.sent);
    to("edited", m.edited);
    to("deleted", m.deleted);
    to("body", Bytes{m.body});
}
template <class To>
void members(To& to, store::SetReceipt& q) {
    to("conversation", q.conversation);
    to("id", q.id);
    to("user", q.user);
    to("kind", q.kind);
    to("at", q.at);
}
template <class To>
void members(To& to, store::SetReaction& q) {
    to("conversation", q.conversation);
    to("id", q.id);
    to("user", q.user);
    to("emoji", q.emoji);
}
template <class To>
void members(To& to, store::Enqueue& q) {
    to("user", q.user);
    to("seq", q.seq);
    to("kind", q.kind);
    to("at", q.at);
    to("conversation", q.conversation);
    to("message", q.message);
    to("body", Bytes{q.body});
}
template <class To>
void members(To& to, store::SettleQueue& q) {
    to("user", q.user);
    to("last", q.up_to);
}
template <class To>
void members(To& to, store::RevokeToken& q) {
    to("id", q.id);
    to("until", q.until);
}
template <class To>
void members(To& to, store::KeepRecording& q) {
    store::Recording& r = q.recording;
    to("id", r.id);
    to("conversation", r.conversation);
    to("sender", r.sender);
    to("began", r.began);
    to("length", r.length);
    to("bytes", r.bytes);
    to("file", r.file);
}

template <class Q>
constexpr const char* name_of = nullptr;
template <>
constexpr const char* name_of<store::SignIn> = "user";
template <>
constexpr const char* name_of<store::AddMember> = "member";
template <>
constexpr const char* name_of<store::SetSettings> = "settings";
template <>
constexpr const char* name_of<KeepMessage> = "message";
template <>
constexpr const char* name_of<store::SetReceipt> = "receipt";
template <>
constexpr const char* name_of<store::SetReaction> = "reaction";
template <>
constexpr const char* name_of<store::Enqueue> = "queued";
template <>
constexpr const char* name_of<store::SettleQueue> = "queue";
template <>
constexpr const char* name_of<store::RevokeToken> = "revoked";
template <>
constexpr const char* name_of<store::KeepRecording> = "recording";

template <class Q>
bool take(simdjson::dom::element line, store::Question& question, std::string& error) {
    simdjson::dom::element object;
    if (line[name_of<Q>].get(object) != simdjson::SUCCESS) return false;
    Reader reader{object};
    Q q;
    members(reader, q);
    error = reader.error();
    question = std::move(q);
    return true;
}

template <class... Qs>
bool take_any(simdjson::dom::element line, store::Question& question, std::string& error) {
    return (take<Qs>(line, question, error) || ...);
}

}  // namespace

std::string first_line() {
    return fmt::format("{{\"parley_export\":{}}}", format_version);
}

std::string last_line(std::uint64_t lines) {
    return fmt::format("{{\"end\":{}}}", lines);
}

std::string line_of(store::Question question) {
    return std::visit(
        []<class Q>(Q& q) -> std::string {
            if constexpr (name_of<Q> == nullptr) {
                PARLEY_ASSERT(false);
            } else {
                Writer writer{name_of<Q>};
                members(writer, q);
                return writer.end();
            }
        },
        question);
}

bool parse_line(std::string_view text, Line& line, std::string& error) {
    error.clear();
    simdjson::dom::parser parser;
    simdjson::dom::element json;
    if (parser.parse(text.data(), text.size()).get(json) != simdjson::SUCCESS ||
        !json.is_object()) {
        error = "it is no JSON object";
        return false;
    }
    if (json["parley_export"].get(line.number) == simdjson::SUCCESS) {
        line.what = Line::What::first;
        return true;
    }
    if (json["end"].get(line.number) == simdjson::SUCCESS) {
        line.what = Line::What::last;
        return true;
    }
    line.what = Line::What::question;
    const bool known =
        take_any<store::SignIn, store::AddMember, store::SetSettings, KeepMessage,
                 store::SetReceipt, store::SetReaction, store::Enqueue, store::SettleQueue,
                 store::RevokeToken, store::KeepRecording>(json, line.question, error);
    if (!known) error = "it is nothing that this version knows";
    return error.empty();
}

}  // namespace parley::backup
