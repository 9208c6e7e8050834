// session key files: the forms they come in.
#include "session/auth_keys.h"

#include <algorithm>
#include <array>
#include <sodium.h>
#include <span>

#include "base/small_file.h"
#include "session/auth.h"

namespace parley::session {

namespace {

constexpr std::size_t file_size_max = secret_size_max + 2;  // and a line end

void wipe(std::string& text) noexcept {
    sodium_memzero(text.data(), text.size());
    text.clear();
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Whether `text` in this variant of base64 is exactly as many bytes as there is room for.
bool decode_base64(std::string_view text, std::span<unsigned char> bytes, int variant) noexcept {
    // libsodium 1.0.18 takes bytes above 127 for digits.
    if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c > 127; }))
        return false;
    std::size_t size = 0;
    return sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), "\r\n", &size,
                             nullptr, variant) == 0 &&
           size == bytes.size();
}

bool parse_pem(std::string_view text, Ed25519PublicKey& key) noexcept {
    constexpr std::string_view begin = "-----BEGIN PUBLIC KEY-----";
    constexpr std::string_view end = "-----END PUBLIC KEY-----";
    if (!text.starts_with(begin) || !text.ends_with(end)) return false;
    text.remove_prefix(begin.size());
    if (text.size() < end.size()) return false;
    text.remove_suffix(end.size());

    // SubjectPublicKeyInfo of Ed25519 (RFC 8410, section 4) is these bytes and then the key.
    constexpr std::array<unsigned char, 12> prefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    std::array<unsigned char, prefix.size() + sizeof key.bytes> info{};
    if (!decode_base64(text, info, sodium_base64_VARIANT_ORIGINAL)) return false;
    if (!std::equal(prefix.begin(), prefix.end(), info.begin())) return false;
    std::copy(info.begin() + prefix.size(), info.end(), key.bytes.begin());
    return true;
}

bool parse_hex(std::string_view text, Ed25519PublicKey& key) noexcept {
    return text.size() == 2 * sizeof key.bytes &&
           sodium_hex2bin(key.bytes.data(), key.bytes.size(), text.data(), text.size(), nullptr,
                          nullptr, nullptr) == 0;
}

bool parse_base64(std::string_view text, Ed25519PublicKey& key) noexcept {
    for (const int variant :
         {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
          sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING}) {
        if (decode_base64(text, key.bytes, variant)) return true;
    }
    return false;
}

}  // namespace

std::optional<std::string> load_secret_file(const std::string& path, std::string& error) {
    std::optional<std::string> secret = read_small_file(path, file_size_max, error);
    if (!secret) return std::nullopt;
    if (secret->ends_with('\n')) {
        secret->pop_back();
        if (secret->ends_with('\r')) secret->pop_back();
    }
    if (secret->size() > secret_size_max) {
        error = path + ": more than 4096 bytes; this is not a secret";
    } else if (secret->size() < secret_size_min) {
        error = path + ": " + std::to_string(secret->size()) +
                " bytes are too few for a secret, 16 are needed; make one with: "
                "openssl rand -base64 48 > FILE";
    } else {
        return secret;
    }
    wipe(*secret);
    return std::nullopt;
}

std::optional<Ed25519PublicKey> load_public_key_file(const std::string& path, std::string& error) {
    std::optional<std::string> content = read_small_file(path, file_size_max, error);
    if (!content) return std::nullopt;
    if (content->find("PRIVATE KEY-----") != std::string::npos) {
        wipe(*content);
        error = path +
                ": this is a private key, which belongs to whoever signs tokens; "
                "make the public one with: openssl pkey -in KEY -pubout";
        return std::nullopt;
    }
    const std::optional<Ed25519PublicKey> key = parse_public_key(*content);
    if (!key) error = path + ": not an Ed25519 public key in PEM, hex or base64";
    return key;
}

std::optional<Ed25519PublicKey> parse_public_key(std::string_view text) noexcept {
    const std::string_view trimmed = trim(text);
    Ed25519PublicKey key;
    if (!parse_pem(trimmed, key) && !parse_hex(trimmed, key) && !parse_base64(trimmed, key)) {
        return std::nullopt;
    }
    if (crypto_core_ed25519_is_valid_point(key.bytes.data()) == 0) return std::nullopt;
    return key;
}

}  // namespace parley::session
