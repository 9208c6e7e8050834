#include "net/tls_channel.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>

#include "base/assert.h"
#include "net/limits.h"
#include "net/openssl.h"
#include "net/tls_source.h"

namespace parley::net::tls {

/// What OpenSSL reads from and writes to: the bytes that its channel has at hand. It never blocks a
/// write, so whatever is written is there after the call.
struct ChannelBio {
    static int read(BIO* bio, char* place, std::size_t size, std::size_t* count) {
        auto& channel = *static_cast<Channel*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        *count = std::min(size, channel.incoming_.size());
        if (*count == 0) {
            BIO_set_retry_read(bio);
            return 0;
        }
        std::memcpy(place, channel.incoming_.data(), *count);
        channel.incoming_ = channel.incoming_.subspan(*count);
        return 1;
    }
    static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) {
        auto& channel = *static_cast<Channel*>(BIO_get_data(bio));
        const auto* from = reinterpret_cast<const std::byte*>(bytes);
        channel.out_->insert(channel.out_->end(), from, from + size);
        *count = size;
        return 1;
    }
    static long control(BIO*, int command, long, void*) {
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }
    static const BIO_METHOD* method() {
        static const BIO_METHOD* const made = [] {
            BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "parley");
            PARLEY_ASSERT(fresh != nullptr);
            BIO_meth_set_read_ex(fresh, read);
            BIO_meth_set_write_ex(fresh, write);
            BIO_meth_set_ctrl(fresh, control);
            return fresh;
        }();
        return made;
    }
};

namespace {

constexpr std::byte handshake_record{22};  // RFC 8446, section 5.1
constexpr std::size_t record_head_bytes = 5;

std::size_t record_size(std::span<const std::byte> head) noexcept {
    return record_head_bytes +
           (std::to_integer<std::size_t>(head[3]) << 8 | std::to_integer<std::size_t>(head[4]));
}

bool is_numeric(const std::string& host) noexcept {
    std::array<unsigned char, 16> address{};
    return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace

Channel::Channel(const Source& source) noexcept : source_(&source) {}

Channel::Channel(const Context& context, const std::string& host) {
    begin(context);
    SSL_set_connect_state(ssl_);
    if (is_numeric(host)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str());
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"  // OpenSSL's macro
    PARLEY_ASSERT(SSL_set_tlsext_host_name(ssl_, host.c_str()) == 1);
#pragma GCC diagnostic pop
    PARLEY_ASSERT(SSL_set1_host(ssl_, host.c_str()) == 1);
}

Channel::~Channel() {
    SSL_free(ssl_);
}

void Channel::begin(const Context& context) {
    ssl_ = SSL_new(context.get());
    PARLEY_ASSERT(ssl_ != nullptr);  // out of memory
    BIO* bio = BIO_new(ChannelBio::method());
    PARLEY_ASSERT(bio != nullptr);
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_, bio, bio);
    phase_ = Phase::handshake;
}

Channel::Kept Channel::keep(std::span<const std::byte> sealed) {
    if (kept_.size() + sealed.size() > handshake_bytes_max) return Kept::too_much;
    kept_.insert(kept_.end(), sealed.begin(), sealed.end());
    if (phase_ != Phase::hello) return kept_.empty() ? Kept::waits : Kept::ready;
    if (kept_.empty()) return Kept::waits;
    if (kept_.front() != handshake_record) return Kept::not_tls;
    if (kept_.size() < record_head_bytes) return Kept::waits;
    const std::size_t size = record_size(kept_);
    if (size > handshake_bytes_max) return Kept::too_much;
    return kept_.size() < size ? Kept::waits : Kept::ready;
}

void Channel::step() {
    PARLEY_ASSERT(phase_ == Phase::hello || phase_ == Phase::handshake);
    if (phase_ == Phase::hello) {
        begin(source_->context());
        SSL_set_accept_state(ssl_);
    }
    incoming_ = kept_;
    out_ = &output_;
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) {
        phase_ = Phase::open;
        return;  // what is left of kept_ is read()'s
    }
    if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) return fail();
    kept_ = Bytes{};
    incoming_ = {};
}

bool Channel::is_resumed() const noexcept {
    return SSL_session_reused(ssl_) == 1;
}

Channel::Read Channel::read(std::span<std::byte> place) {
    if (phase_ != Phase::open) return {.got = Got::nothing, .plain = {}};
    out_ = &output_;
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_, place.data(), place.size(), &size);
    if (result == 1) return {.got = Got::data, .plain = place.first(size)};
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ:
            if (!kept_.empty()) kept_ = Bytes{};  // what came with the handshake is read
            return {.got = Got::nothing, .plain = {}};
        case SSL_ERROR_ZERO_RETURN:
            phase_ = Phase::ended;
            return {.got = Got::end, .plain = {}};
        default:
            fail();
            return {.got = Got::failure, .plain = {}};
    }
}

bool Channel::seal(std::span<const std::byte> plain, Bytes& out) {
    PARLEY_ASSERT((phase_ == Phase::open || phase_ == Phase::ended) && !closed_ && !plain.empty());
    out_ = &out;
    ERR_clear_error();
    std::size_t size = 0;
    if (SSL_write_ex(ssl_, plain.data(), plain.size(), &size) == 1) return true;
    fail();
    return false;
}

void Channel::close(Bytes& out) {
    if (closed_ || (phase_ != Phase::open && phase_ != Phase::ended)) return;
    closed_ = true;
    out_ = &out;
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
}

void Channel::take_output(Bytes& out) {
    out.insert(out.end(), output_.begin(), output_.end());
    output_ = Bytes{};
}

void Channel::put_back(std::span<const std::byte> unsent) {
    output_.insert(output_.begin(), unsent.begin(), unsent.end());
}

void Channel::fail() {
    phase_ = Phase::failed;
    const long verified = SSL_get_verify_result(ssl_);
    reason_ = verified == X509_V_OK ? last_reason() : X509_verify_cert_error_string(verified);
    ERR_clear_error();
    kept_ = Bytes{};
    incoming_ = {};
}

}  // namespace parley::net::tls
