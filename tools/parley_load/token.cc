// Tokens: header, claims and signature, each in base64url.
#include "parley_load/token.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include "parley_load/proc.h"

namespace parley::load {
namespace {

std::string base64url(std::string_view bytes) {
    constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(),
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), variant);
    text.pop_back();  // the NUL
    return text;
}

}  // namespace

std::string sign_token(std::string_view secret, std::string_view user,
                       std::chrono::system_clock::time_point expires) {
    // Names of users are made by the generator and need no escapes.
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(expires.time_since_epoch()).count();
    const std::string claims =
        fmt::format(R"({{"userId":"{0}","uid":"{0}","exp":{1}}})", user, seconds);
    const std::string token =
        fmt::format("{}.{}", base64url(R"({"alg":"HS256","typ":"JWT"})"), base64url(claims));
    crypto_auth_hmacsha256_state state;
    std::array<unsigned char, crypto_auth_hmacsha256_BYTES> signature;
    crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.data()),
                                secret.size());
    crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(token.data()),
                                  token.size());
    crypto_auth_hmacsha256_final(&state, signature.data());
    return fmt::format(
        "{}.{}", token,
        base64url({reinterpret_cast<const char*>(signature.data()), signature.size()}));
}

client::Outcome<std::string> read_secret(const std::string& path) {
    if (access(path.c_str(), R_OK) != 0) {
        return client::Failure{
            fmt::format("cannot read --jwt-secret-file {}: {}", path, std::strerror(errno))};
    }
    std::string secret = read_small_file(path);
    while (secret.ends_with('\n') || secret.ends_with('\r'))
        secret.pop_back();
    if (secret.empty()) {
        return client::Failure{fmt::format("--jwt-secret-file {} holds no secret", path)};
    }
    return secret;
}

}  // namespace parley::load
