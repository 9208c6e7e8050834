#include "seal/bodies.h"

#include <array>
#include <sodium.h>

namespace parley::seal {
namespace {

constexpr char mark = '\xc1';
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* octets(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets(std::string& text) noexcept {
    return reinterpret_cast<unsigned char*>(text.data());
}

void append_counted(std::string& to, std::string_view text) {
    for (int shift = 0; shift < 32; shift += 8)
        to += static_cast<char>(text.size() >> shift & 0xff);
    to += text;
}

// With their sizes, so that what ends the one cannot begin the other.
std::string bound_to(std::string_view head, const Context& context) {
    std::string all{head};
    append_counted(all, context.conversation);
    append_counted(all, context.message);
    return all;
}

}  // namespace

std::string seal_body(const KeyRing& keys, std::string_view body, const Context& context) {
    const Key& key = keys.first();
    std::string sealed{mark};
    sealed += static_cast<char>(key.id.size());
    sealed += key.id;
    const std::string bound = bound_to(sealed, context);
    std::array<unsigned char, nonce_bytes> nonce{};
    randombytes_buf(nonce.data(), nonce.size());
    sealed.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
    const std::size_t head = sealed.size();
    sealed.resize(head + body.size() + tag_bytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt(octets(sealed) + head, nullptr, octets(body),
                                               body.size(), octets(bound), bound.size(), nullptr,
                                               nonce.data(), key.bodies.data());
    return sealed;
}

std::optional<std::string> open_body(const KeyRing& keys, std::string_view sealed,
                                     const Context& context) {
    if (!is_sealed(sealed) || sealed.size() < 2) return std::nullopt;
    const std::size_t id_size = static_cast<unsigned char>(sealed[1]);
    const std::size_t nonce_begin = 2 + id_size;
    if (sealed.size() < nonce_begin + nonce_bytes + tag_bytes) return std::nullopt;
    const Key* key = keys.find(sealed.substr(2, id_size));
    if (key == nullptr) return std::nullopt;
    const std::string bound = bound_to(sealed.substr(0, nonce_begin), context);
    const std::string_view nonce = sealed.substr(nonce_begin, nonce_bytes);
    const std::string_view text = sealed.substr(nonce_begin + nonce_bytes);
    std::string body(text.size() - tag_bytes, '\0');
    const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        octets(body), nullptr, nullptr, octets(text), text.size(), octets(bound), bound.size(),
        octets(nonce), key->bodies.data());
    if (failed != 0) return std::nullopt;
    return body;
}

bool is_sealed(std::string_view stored) noexcept {
    return !stored.empty() && stored.front() == mark;
}

}  // namespace parley::seal
