#include "session/admission.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "base/assert.h"

namespace parley::session {
namespace {

class Writer {
public:
    template <class T>
    void value(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        const auto* bytes = reinterpret_cast<const std::byte*>(&value);
        out.insert(out.end(), bytes, bytes + sizeof(value));
    }
    void number(std::uint32_t number) { value(number); }
    void bytes(std::span<const std::byte> value) {
        number(static_cast<std::uint32_t>(value.size()));
        out.insert(out.end(), value.begin(), value.end());
    }
    void text(std::string_view value) { bytes(std::as_bytes(std::span{value})); }

    std::vector<std::byte> out;
};

class Reader {
public:
    explicit Reader(std::span<const std::byte> from) : from_(from) {}

    template <class T>
    T value() {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        std::memcpy(&value, take(sizeof(value)).data(), sizeof(value));
        return value;
    }
    std::uint32_t number() { return value<std::uint32_t>(); }
    std::span<const std::byte> bytes() { return take(number()); }
    std::string text() {
        const auto value = bytes();
        return {reinterpret_cast<const char*>(value.data()), value.size()};
    }

private:
    std::span<const std::byte> take(std::size_t size) {
        PARLEY_ASSERT(size <= from_.size());
        const auto taken = from_.first(size);
        from_ = from_.subspan(size);
        return taken;
    }

    std::span<const std::byte> from_;
};

}  // namespace

std::vector<std::byte> pack(const Admission& admission, int descriptor) {
    const Identity& identity = admission.identity;
    Writer writer;
    writer.number(static_cast<std::uint32_t>(descriptor));
    writer.number(static_cast<std::uint32_t>(admission.address));
    writer.text(identity.user);
    writer.number(identity.user_is_integer ? 1 : 0);
    writer.number(identity.groups_given ? 1 : 0);
    writer.value(identity.good_until);
    writer.number(static_cast<std::uint32_t>(identity.groups.size()));
    for (const std::string& group : identity.groups)
        writer.text(group);
    writer.text(admission.device);
    writer.text(admission.reply);
    writer.value(admission.deflate);
    writer.bytes(admission.received);
    writer.value(admission.channel.get());
    writer.number(admission.fetch ? 1 : 0);
    if (admission.fetch) {
        writer.text(admission.fetch->target);
        writer.text(admission.fetch->range);
        writer.number(admission.fetch->head_only ? 1 : 0);
    }
    return std::move(writer.out);
}

Admission unpack(std::span<const std::byte> record, int& descriptor) {
    Reader reader{record};
    Admission admission;
    Identity& identity = admission.identity;
    descriptor = static_cast<int>(reader.number());
    admission.address = static_cast<AddressMark>(reader.number());
    identity.user = reader.text();
    identity.user_is_integer = reader.number() != 0;
    identity.groups_given = reader.number() != 0;
    identity.good_until = reader.value<std::optional<WallTime>>();
    identity.groups.resize(reader.number());
    for (std::string& group : identity.groups)
        group = reader.text();
    admission.device = reader.text();
    admission.reply = reader.text();
    admission.deflate = reader.value<std::optional<ws::DeflateTerms>>();
    const auto received = reader.bytes();
    admission.received.assign(received.begin(), received.end());
    admission.channel.reset(reader.value<net::tls::Channel*>());
    if (reader.number() != 0) {
        Fetch& fetch = admission.fetch.emplace();
        fetch.target = reader.text();
        fetch.range = reader.text();
        fetch.head_only = reader.number() != 0;
    }
    return admission;
}

}  // namespace parley::session
