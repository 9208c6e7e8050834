#include "net/tls_certificate.h"

#include <gtest/gtest.h>

#include "certificates.h"

namespace parley::net::tls {
namespace {

using test::make_certificate;

class TlsCertificateTest : public testing::Test {
protected:
    // What it says if it cannot be loaded; empty if it can.
    std::string refusal(const Files& files) {
        std::string error;
        const auto made = Certificate::load(files, error);
        EXPECT_EQ(made == nullptr, !error.empty());
        return error;
    }
    static bool says(const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    }

    test::Folder folder;
};

TEST_F(TlsCertificateTest, KnowsItsNamesInLowerCase) {
    std::string error;
    const auto made = Certificate::load(
        make_certificate(folder, "a",
                         {.names = "DNS:Radio.Example.com,DNS:*.Example.org,IP:127.0.0.1"}),
        error);
    ASSERT_NE(made, nullptr) << error;
    EXPECT_EQ(made->names(), (std::vector<std::string>{"radio.example.com", "*.example.org"}));
    EXPECT_EQ(made->warning(), "");
    EXPECT_EQ(made->fingerprint().size(), 32U * 3 - 1);
}

TEST_F(TlsCertificateTest, ReadsTheChainBehindIt) {
    const Files leaf = make_certificate(folder, "leaf", {});
    const Files between = make_certificate(folder, "between", {});
    const auto text = [](const std::string& path) {
        std::ifstream file{path};
        return std::string{std::istreambuf_iterator<char>{file}, {}};
    };
    const std::string both = text(leaf.certificate) + text(between.certificate);
    std::string error;
    const auto made = Certificate::load({folder.write("both", both), leaf.key}, error);
    ASSERT_NE(made, nullptr) << error;
    EXPECT_EQ(sk_X509_num(static_cast<STACK_OF(X509)*>(made->chain())), 1);

    const std::string cut = both.substr(0, both.size() - 100);
    EXPECT_TRUE(says(refusal({folder.write("cut", cut), leaf.key}), "damaged"));
}

TEST_F(TlsCertificateTest, SaysWhatIsWrongWithItsFiles) {
    const Files good = make_certificate(folder, "good", {});
    const Files other = make_certificate(folder, "other", {});
    const Files locked = make_certificate(folder, "locked", {.passphrase = "secret"});
    const std::string nowhere = folder.path("nowhere");
    const std::string garbage = folder.write("garbage", "no certificate at all\n");
    EXPECT_TRUE(says(refusal({nowhere, good.key}), "No such file"));
    EXPECT_TRUE(says(refusal({good.certificate, nowhere}), "cannot read '" + nowhere + "'"));
    EXPECT_TRUE(says(refusal({garbage, good.key}), "holds no certificate"));
    EXPECT_TRUE(says(refusal({good.certificate, garbage}), "holds no private key"));
    EXPECT_TRUE(says(refusal({locked.certificate, locked.key}), "passphrase"));
    EXPECT_TRUE(says(refusal({good.certificate, other.key}), "does not belong"));
    EXPECT_EQ(refusal(good), "");
}

TEST_F(TlsCertificateTest, WarnsOfOneThatIsExpiredOrNotYetValid) {
    std::string error;
    const auto old = Certificate::load(
        make_certificate(folder, "old", {.from_seconds = -7200, .to_seconds = -3600}), error);
    ASSERT_NE(old, nullptr) << error;
    EXPECT_TRUE(says(old->warning(), "has expired"));
    const auto early = Certificate::load(
        make_certificate(folder, "early", {.from_seconds = 3600, .to_seconds = 7200}), error);
    ASSERT_NE(early, nullptr) << error;
    EXPECT_TRUE(says(early->warning(), "not valid yet"));
}

TEST_F(TlsCertificateTest, MakesOneForDevelopment) {
    std::string error;
    const auto made = Certificate::self_signed("192.0.2.7", error);
    ASSERT_NE(made, nullptr) << error;
    EXPECT_EQ(made->names(), std::vector<std::string>{"localhost"});
    for (const char* address : {"127.0.0.1", "::1", "192.0.2.7"})
        EXPECT_EQ(X509_check_ip_asc(made->leaf(), address, 0), 1) << address;
    EXPECT_EQ(X509_check_ip_asc(made->leaf(), "192.0.2.8", 0), 0);
    EXPECT_EQ(made->warning(), "");
    EXPECT_NE(Certificate::self_signed("192.0.2.7", error)->fingerprint(), made->fingerprint());
}

TEST(TlsNames, AWildcardCoversOneLabel) {
    EXPECT_TRUE(covers("radio.example.com", "radio.example.com"));
    EXPECT_FALSE(covers("radio.example.com", "adio.example.com"));
    EXPECT_TRUE(covers("*.example.com", "radio.example.com"));
    EXPECT_FALSE(covers("*.example.com", "a.radio.example.com"));
    EXPECT_FALSE(covers("*.example.com", "example.com"));
    EXPECT_FALSE(covers("*.example.com", ".example.com"));
    EXPECT_FALSE(covers("*.example.com", "radio.example.org"));
    EXPECT_FALSE(covers("*", "radio"));
    EXPECT_FALSE(covers("", ""));
}

}  // namespace
}  // namespace parley::net::tls
