#include "server/download.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <utility>

#include "http/fields.h"
#include "http/reply.h"
#include "server/downloads.h"
#include "server/recording_list.h"
#include "store/message.h"

namespace parley::server {
namespace {

// Whoever takes longer is cut: half a minute, and the time of a slow mobile line (16 kbit/s).
constexpr Duration time_max = std::chrono::seconds{30};
constexpr std::uint64_t bytes_per_second_min = 2000;

// How often it is looked whether the socket has taken a piece: 16 KiB each time are 8 MB/s.
constexpr Duration look_interval = std::chrono::milliseconds{2};

}  // namespace

Download::Download(Downloads& all, std::uint64_t number, session::Admission admission,
                   int descriptor) noexcept
    : all_(all),
      number_(number),
      admission_(std::move(admission)),
      connection_(all.net_, descriptor, *this),
      due_(Timer::Handler::to<&Download::on_due>(*this)),
      look_(Timer::Handler::to<&Download::on_look>(*this)) {
    if (admission_.channel) connection_.secure(std::move(admission_.channel));
    Shard& shard = all.net_.shard;
    shard.timers().start(due_, shard.now() + time_max);
}

const session::Fetch& Download::fetch() const noexcept {
    PARLEY_ASSERT(admission_.fetch);
    return *admission_.fetch;
}

void Download::start() noexcept {
    const std::string_view target = fetch().target;
    if (target.empty() || target.front() == '?') return begin_list(target.substr(!target.empty()));
    id_ = http::decode_percent(target);
    all_.read(*this, nullptr);
}

void Download::begin_list(std::string_view query) noexcept {
    ListQuery list;
    if (!read_list_query(query, list)) return answer(400);
    const bool of_group = !list.group.empty();
    page_ = {of_group ? store::group_conversation(list.group)
                      : store::direct_conversation(who().user, list.user),
             std::move(list.after), list.limit};
    const wire::Scope scope = of_group ? wire::Scope::group : wire::Scope::direct;
    all_.ask_access(*this, {scope, of_group ? list.group : list.user, who().user, {}});
}

void Download::on_list(const store::Recordings& page) noexcept {
    const std::string json = json_of(page);
    const bool head_only = fetch().head_only;
    using Body = http::Reply::Body;
    send(http::format({.content_type = "application/json",
                       .body = json,
                       .body_is = head_only ? Body::omitted : Body::sent,
                       .then = http::Reply::Then::close,
                       .more_fields = "Cache-Control: no-store\r\n"}));
    end();
}

void Download::on_closed() noexcept {
    all_.on_gone(*this);
}

void Download::on_read(std::unique_ptr<record::Source> source, seal::Bytes piece) noexcept {
    if (!connection_.is_open()) return;
    if (!begun_) return begin(std::move(source));
    source_ = std::move(source);
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left_)));
    // Its length was promised: what cannot be read to its end is cut, so that nobody takes it for
    // whole.
    if (piece.empty() || !send(piece)) return connection_.abort();
    left_ -= piece.size();
    look_later();
}

void Download::begin(std::unique_ptr<record::Source> source) noexcept {
    begun_ = true;
    if (!source) return answer(404);
    source_ = std::move(source);
    const record::Talk talk = source_->talk();
    all_.ask_access(*this, talk);
}

// What one may not hear is not there.
void Download::on_access(bool may_hear) noexcept {
    if (!connection_.is_open()) return;
    if (!may_hear) return answer(is_list() ? 403 : 404);
    if (is_list()) return all_.ask_list(*this, std::move(page_));
    send_sound();
}

void Download::send_sound() noexcept {
    const std::uint64_t size = source_->size();
    const http::RangeAnswer found = http::find_range(fetch().range, size, range_);
    send_head(found, size);
    left_ = range_.size;
    if (found == http::RangeAnswer::outside || fetch().head_only || left_ == 0) {
        return end();
    }
    Shard& shard = all_.net_.shard;
    shard.timers().start(
        due_, shard.now() + time_max + std::chrono::seconds{left_ / bytes_per_second_min});
    source_->skip_to(range_.begin);
    all_.read(*this, std::move(source_));
}

void Download::send_head(http::RangeAnswer answer, std::uint64_t size) noexcept {
    // A recording never changes, so its id is its version; others are not to keep it.
    std::string fields =
        "Accept-Ranges: bytes\r\nCache-Control: private, immutable\r\n"
        "X-Content-Type-Options: nosniff\r\n";
    http::Reply reply{.content_type = "audio/ogg",
                      .body_is = http::Reply::Body::omitted,
                      .then = http::Reply::Then::close,
                      .content_length = range_.size};
    if (answer == http::RangeAnswer::part) {
        reply.status = 206;
        fields += fmt::format("Content-Range: bytes {}-{}/{}\r\n", range_.begin,
                              range_.begin + range_.size - 1, size);
    } else if (answer == http::RangeAnswer::outside) {
        reply.status = 416;
        reply.content_length = 0;
        fields += fmt::format("Content-Range: bytes */{}\r\n", size);
    }
    reply.more_fields = fields;
    send(http::format(reply));
}

void Download::answer(std::uint16_t status) noexcept {
    const bool head_only = fetch().head_only;
    send(http::format({.status = status,
                       .body = http::reason_phrase(status),
                       .body_is = head_only ? http::Reply::Body::omitted : http::Reply::Body::sent,
                       .then = http::Reply::Then::close,
                       .retry_after = std::chrono::seconds{status == 503 ? 5 : 0}}));
    end();
}

bool Download::send(std::span<const std::byte> bytes) noexcept {
    FrameRef frame = all_.net_.shard.frames().allocate(bytes.size());
    if (!frame) return false;
    std::memcpy(frame.space().data(), bytes.data(), bytes.size());
    frame.set_size(bytes.size());
    connection_.send(frame, net::Delivery::lasting);
    return true;
}

void Download::look_later() noexcept {
    Shard& shard = all_.net_.shard;
    shard.timers().start(look_, shard.now() + look_interval);
}

void Download::on_look() noexcept {
    if (!connection_.is_open()) return;
    if (connection_.queued_bytes() > 0) return look_later();
    if (left_ == 0) return end();
    all_.read(*this, std::move(source_));
}

void Download::end() noexcept {
    source_ = nullptr;
    due_.cancel();
    connection_.close_after_sending();
}

}  // namespace parley::server
