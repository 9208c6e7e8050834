#include "record/ogg_file.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <ogg/ogg.h>
#include <string_view>

#include "record/ogg_opus.h"

namespace parley::record {
namespace {

constexpr std::string_view scope_tag = "PARLEY_SCOPE";
constexpr std::string_view to_tag = "PARLEY_TO";
constexpr std::string_view from_tag = "PARLEY_FROM";
constexpr std::string_view began_tag = "PARLEY_BEGAN";

// Of an Ogg page (RFC 3533 section 6).
constexpr std::size_t page_head_bytes = 27;
constexpr std::size_t flags_at = 5;
constexpr std::size_t checksum_at = 22;
constexpr auto last_page_flag = std::byte{0x04};

std::uint32_t number_at(std::string_view text, std::size_t at) noexcept {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i)
        number |= std::uint32_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
    return number;
}

// Takes a text that its size stands before off the front. False if there is none.
bool take_counted(std::string_view& from, std::string_view& text) noexcept {
    if (from.size() < 4) return false;
    const std::size_t size = number_at(from, 0);
    if (from.size() - 4 < size) return false;
    text = from.substr(4, size);
    from.remove_prefix(4 + size);
    return true;
}

template <class Number>
bool read_number(std::string_view text, Number& number) noexcept {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc{} && end == text.data() + text.size();
}

bool read_tag(std::string_view name, std::string_view value, Talk& talk) {
    if (name == to_tag) talk.to = value;
    if (name == from_tag) talk.from = value;
    if (name == scope_tag) talk.scope = value == "0" ? wire::Scope::group : wire::Scope::direct;
    if (name != began_tag) return true;
    std::int64_t began = 0;
    if (!read_number(value, began)) return false;
    talk.began = WallTime{std::chrono::milliseconds{began}};
    return true;
}

std::optional<Talk> read_tags(std::string_view packet) {
    constexpr std::string_view magic = "OpusTags";
    if (!packet.starts_with(magic)) return std::nullopt;
    packet.remove_prefix(magic.size());
    std::string_view vendor;
    if (!take_counted(packet, vendor) || packet.size() < 4) return std::nullopt;
    std::uint32_t count = number_at(packet, 0);
    packet.remove_prefix(4);
    Talk talk;
    for (std::string_view tag; count > 0 && take_counted(packet, tag); --count) {
        const std::size_t equals = tag.find('=');
        if (equals == std::string_view::npos) continue;
        if (!read_tag(tag.substr(0, equals), tag.substr(equals + 1), talk)) return std::nullopt;
    }
    if (talk.from.empty() || talk.began == WallTime{}) return std::nullopt;
    return talk;
}

// The pages of a file, one after the other, for as long as they follow each other whole.
class Pages {
public:
    explicit Pages(std::span<const std::byte> file) {
        ogg_sync_init(&sync_);
        char* room = ogg_sync_buffer(&sync_, static_cast<long>(file.size()));
        std::copy(file.begin(), file.end(), reinterpret_cast<std::byte*>(room));
        ogg_sync_wrote(&sync_, static_cast<long>(file.size()));
    }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    ~Pages() { ogg_sync_clear(&sync_); }

    /// The bytes of the next; 0 if there is none.
    std::size_t next(ogg_page& page) {
        const long size = ogg_sync_pageseek(&sync_, &page);
        return size > 0 ? static_cast<std::size_t>(size) : 0;
    }

private:
    ogg_sync_state sync_{};
};

// The packets of its first pages that hold no sound.
class Heads {
public:
    Heads() = default;
    Heads(const Heads&) = delete;
    Heads& operator=(const Heads&) = delete;
    ~Heads() {
        if (begun_) ogg_stream_clear(&stream_);
    }

    /// False if the page is not of the same stream.
    bool take(ogg_page& page) {
        if (!begun_) ogg_stream_init(&stream_, ogg_page_serialno(&page));
        begun_ = true;
        if (ogg_stream_pagein(&stream_, &page) != 0) return false;
        ogg_packet packet{};
        while (number_ < 2 && ogg_stream_packetout(&stream_, &packet) == 1) {
            if (++number_ < 2) continue;
            talk_ = read_tags({reinterpret_cast<const char*>(packet.packet),
                               static_cast<std::size_t>(packet.bytes)});
        }
        return true;
    }
    bool read() const noexcept { return number_ == 2; }
    const std::optional<Talk>& talk() const noexcept { return talk_; }

private:
    ogg_stream_state stream_{};
    bool begun_ = false;
    int number_ = 0;
    std::optional<Talk> talk_;
};

}  // namespace

OggOpus::Tags tags_of(const Talk& talk) {
    return {{"TITLE", fmt::format("{} to {}", talk.from, talk.to)},
            {"ARTIST", talk.from},
            {"DATE", day_of(talk.began)},
            {std::string{scope_tag}, talk.scope == wire::Scope::group ? "0" : "1"},
            {std::string{to_tag}, talk.to},
            {std::string{from_tag}, talk.from},
            {std::string{began_tag}, std::to_string(talk.began.time_since_epoch().count())}};
}

std::optional<OggFile> examine(std::span<const std::byte> file) {
    Pages pages{file};
    Heads heads;
    OggFile about;
    std::size_t at = 0;
    ogg_page page{};
    while (const std::size_t size = pages.next(page)) {
        const bool has_sound = heads.read();
        if (!has_sound && !heads.take(page)) return std::nullopt;
        const std::size_t begin = std::exchange(at, at + size);
        // A page within a packet has no position, and is worth nothing without the next.
        if (!has_sound || ogg_page_granulepos(&page) < 0) continue;
        about.last_page = begin;
        about.whole_bytes = at;
        about.ends = ogg_page_eos(&page) != 0;
        about.length = std::chrono::milliseconds{
            std::max<std::int64_t>(ogg_page_granulepos(&page) - pre_skip, 0) /
            (sample_rate / 1000)};
    }
    if (about.whole_bytes == 0 || !heads.talk()) return std::nullopt;
    about.talk = *heads.talk();
    return about;
}

void complete(const OggFile& about, std::vector<std::byte>& file) {
    file.resize(about.whole_bytes);
    if (about.ends) return;
    std::byte* begin = file.data() + about.last_page;
    begin[flags_at] |= last_page_flag;
    const std::size_t segments = std::to_integer<std::size_t>(begin[page_head_bytes - 1]);
    const std::size_t head = page_head_bytes + segments;
    ogg_page page{};
    page.header = reinterpret_cast<unsigned char*>(begin);
    page.header_len = static_cast<long>(head);
    page.body = reinterpret_cast<unsigned char*>(begin + head);
    page.body_len = static_cast<long>(about.whole_bytes - about.last_page - head);
    std::fill_n(begin + checksum_at, 4, std::byte{0});
    ogg_page_checksum_set(&page);
}

std::optional<Talk> talk_of(std::span<const std::byte> begin) {
    Pages pages{begin};
    Heads heads;
    ogg_page page{};
    while (!heads.read() && pages.next(page) != 0) {
        if (!heads.take(page)) return std::nullopt;
    }
    return heads.talk();
}

}  // namespace parley::record
