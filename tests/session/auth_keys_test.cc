// Key files: every form that is taken, and what is said of the others.
#include "session/auth_keys.h"

#include <algorithm>
#include <cctype>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>

#include "session/auth.h"

namespace parley::session {
namespace {

// One key pair made by: openssl genpkey -algorithm ed25519
constexpr std::string_view hex = "5b89027b49aa502092985bd85c6ca36a0ed232673a7b8b27caeb129202095f0a";
constexpr std::string_view base64 = "W4kCe0mqUCCSmFvYXGyjag7SMmc6e4snyusSkgIJXwo=";
constexpr std::string_view info = "MCowBQYDK2VwAyEAW4kCe0mqUCCSmFvYXGyjag7SMmc6e4snyusSkgIJXwo=";

std::string pem(std::string_view kind, std::string_view body) {
    const std::string name(kind);
    return "-----BEGIN " + name + "-----\n" + std::string(body) + "\n-----END " + name + "-----\n";
}

/// A file with this content, gone when the test is.
class File {
public:
    explicit File(std::string_view content) {
        std::string name = testing::TempDir() + "parley_key_XXXXXX";
        const int file = ::mkstemp(name.data());
        EXPECT_GE(file, 0);
        EXPECT_EQ(::write(file, content.data(), content.size()),
                  static_cast<ssize_t>(content.size()));
        ::close(file);
        path = name;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { ::unlink(path.c_str()); }

    std::string path;
};

std::optional<std::string> secret_in(std::string_view content, std::string& error) {
    const File file(content);
    return load_secret_file(file.path, error);
}

std::string secret_fault(std::string_view content) {
    std::string error;
    EXPECT_FALSE(secret_in(content, error).has_value());
    return error;
}

std::string hex_of(const std::optional<Ed25519PublicKey>& key) {
    if (!key) return "none";
    std::string text(65, '\0');
    sodium_bin2hex(text.data(), text.size(), key->bytes.data(), key->bytes.size());
    text.pop_back();
    return text;
}

TEST(SecretFile, IsReadByteForByteWithoutItsLineEnd) {
    std::string error;
    EXPECT_EQ(secret_in("voiceping2359staging", error), "voiceping2359staging");
    EXPECT_EQ(secret_in("voiceping2359staging\n", error), "voiceping2359staging");
    EXPECT_EQ(secret_in("voiceping2359staging\r\n", error), "voiceping2359staging");
    EXPECT_EQ(secret_in("voiceping2359staging\n\n", error), "voiceping2359staging\n");
    EXPECT_EQ(secret_in(" voiceping2359staging ", error), " voiceping2359staging ");
    const std::string binary("0123456789abcdef\0\n\xff", 19);
    EXPECT_EQ(secret_in(binary, error), binary);
    EXPECT_EQ(error, "");
}

TEST(SecretFile, IsRefusedWhenShortAndSaysHowToMakeOne) {
    for (const std::string_view content : {"", "\n", "short", "fifteen bytes..\n"}) {
        const std::string error = secret_fault(content);
        EXPECT_NE(error.find("16 are needed"), std::string::npos) << error;
        EXPECT_NE(error.find("openssl rand"), std::string::npos) << error;
    }
    EXPECT_EQ(secret_fault("hunter2").find("hunter2"), std::string::npos);
    std::string error;
    EXPECT_TRUE(secret_in("sixteen bytes...", error).has_value());
}

TEST(SecretFile, IsRefusedWhenTooLarge) {
    std::string error;
    EXPECT_TRUE(secret_in(std::string(secret_size_max, 's') + "\r\n", error).has_value());
    EXPECT_NE(secret_fault(std::string(secret_size_max + 1, 's')).find("more than 4096"),
              std::string::npos);
    EXPECT_NE(secret_fault(std::string(1 << 20, 's')).find("more than 4096"), std::string::npos);
}

TEST(SecretFile, SaysWhyItCannotBeRead) {
    std::string error;
    EXPECT_FALSE(load_secret_file("/nonexistent/secret", error).has_value());
    EXPECT_EQ(error, "/nonexistent/secret: No such file or directory");
    EXPECT_FALSE(load_secret_file("/", error).has_value());
    EXPECT_EQ(error, "/: Is a directory");
}

TEST(PublicKeyFile, IsReadInEveryForm) {
    std::string url(base64);
    std::replace(url.begin(), url.end(), '+', '-');
    std::replace(url.begin(), url.end(), '/', '_');
    std::string upper(hex);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    for (const std::string& content :
         {pem("PUBLIC KEY", info), std::string(hex), upper, std::string(hex) + "\n",
          std::string(base64), std::string(base64.substr(0, 43)) + "\r\n", url,
          "  " + url.substr(0, 43) + "  \n"}) {
        const File file(content);
        std::string error;
        EXPECT_EQ(hex_of(load_public_key_file(file.path, error)), hex) << content;
        EXPECT_EQ(error, "");
    }
}

TEST(PublicKeyFile, TellsBase64FromBase64url) {
    // The key of RFC 8037, whose text has characters that differ between the two.
    const std::string expected = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    EXPECT_EQ(hex_of(parse_public_key("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")), expected);
    EXPECT_EQ(hex_of(parse_public_key("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")), expected);
    EXPECT_EQ(hex_of(parse_public_key("11qYAYKxCrfVS!7TyWQHOg7hcvPapiMlrwIaaPcHURo")), "none");
}

TEST(PublicKeyFile, IsRefusedInAnyOtherForm) {
    const std::string rsa = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK" + std::string(30, 'A');
    for (const std::string& content :
         {std::string(), std::string("key"), std::string(hex.substr(1)), std::string(hex) + "00",
          std::string(info), pem("PUBLIC KEY", rsa), pem("PUBLIC KEY", base64),
          pem("RSA PUBLIC KEY", info), pem("PUBLIC KEY", ""),
          std::string("-----BEGIN PUBLIC KEY-----"), std::string("-----END PUBLIC KEY-----"),
          std::string(64, 'g'),
          std::string(base64.substr(0, 42)) + "\xff=", std::string(1 << 16, 'A')}) {
        const File file(content);
        std::string error;
        EXPECT_FALSE(load_public_key_file(file.path, error).has_value()) << content;
        EXPECT_NE(error.find("not an Ed25519 public key"), std::string::npos);
    }
}

TEST(PublicKeyFile, IsRefusedIfItIsNoPointOrAWeakOne) {
    EXPECT_EQ(hex_of(parse_public_key(std::string(64, '0'))), "none");
    EXPECT_EQ(hex_of(parse_public_key("01" + std::string(62, '0'))), "none");
    EXPECT_EQ(hex_of(parse_public_key(std::string(64, 'f'))), "none");
}

TEST(PublicKeyFile, MustNotBeThePrivateKey) {
    const File file(pem("PRIVATE KEY", "MC4CAQAwBQYDK2VwBCIEIA=="));
    std::string error;
    EXPECT_FALSE(load_public_key_file(file.path, error).has_value());
    EXPECT_NE(error.find("this is a private key"), std::string::npos);
    EXPECT_EQ(error.find("MC4CAQ"), std::string::npos);
}

TEST(PublicKeyFile, SaysWhyItCannotBeRead) {
    std::string error;
    EXPECT_FALSE(load_public_key_file("/nonexistent/key", error).has_value());
    EXPECT_EQ(error, "/nonexistent/key: No such file or directory");
}

}  // namespace
}  // namespace parley::session
