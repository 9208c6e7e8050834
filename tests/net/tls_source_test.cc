// Which certificate is shown to whom, and what a reload changes.
#include "net/tls_source.h"

#include <gtest/gtest.h>

#include "tls_pair.h"

namespace parley::net::tls {
namespace {

using test::make_certificate;

class TlsSourceTest : public TlsPairTest {
protected:
    /// Whether a client that looks for `host` is shown exactly this certificate.
    bool shows(const Files& expected, const std::string& host) {
        meet(host, expected.certificate);
        carry();
        return both_open();
    }
};

TEST_F(TlsSourceTest, ShowsTheCertificateOfTheNameThatIsAskedFor) {
    const Files first =
        make_certificate(folder, "first", {.names = "DNS:a.example.com,IP:127.0.0.1"});
    const Files second = make_certificate(folder, "second", {.names = "DNS:b.example.com"});
    const Files wild = make_certificate(folder, "wild", {.names = "DNS:*.example.com"});
    use({first, wild, second});
    EXPECT_TRUE(shows(first, "a.example.com"));
    EXPECT_TRUE(shows(second, "b.example.com"));  // an exact name before a wildcard
    EXPECT_TRUE(shows(second, "B.Example.COM"));
    EXPECT_TRUE(shows(wild, "c.example.com"));
    EXPECT_FALSE(shows(wild, "b.example.com"));
    EXPECT_TRUE(shows(first, "127.0.0.1"));  // addresses are not asked for: the first
}

TEST_F(TlsSourceTest, ShowsTheFirstCertificateForANameThatItDoesNotKnow) {
    const Files first = make_certificate(folder, "first", {.names = "DNS:a.example"});
    const Files second = make_certificate(folder, "second", {.names = "DNS:b.example"});
    use({first, second});
    EXPECT_FALSE(shows(first, "unknown.example"));
    EXPECT_EQ(client->channel->reason(), "hostname mismatch");  // trusted, and not for this name
}

TEST_F(TlsSourceTest, NoCertificateOfAnotherKindStandsInForTheRightOne) {
    // OpenSSL keeps one certificate for each kind of key, and lets the client choose.
    const Files ecdsa = make_certificate(folder, "ecdsa", {.names = "DNS:a.example"});
    const Files rsa = make_certificate(folder, "rsa", {.names = "DNS:b.example", .rsa = true});
    use({ecdsa, rsa});
    EXPECT_TRUE(shows(ecdsa, "a.example"));
    EXPECT_TRUE(shows(rsa, "b.example"));
    use({rsa, ecdsa});
    EXPECT_TRUE(shows(ecdsa, "a.example"));
    EXPECT_TRUE(shows(rsa, "b.example"));
}

TEST_F(TlsSourceTest, AReloadIsForConnectionsFromThenOn) {
    const Files files = make_certificate(folder, "server", {});
    use({files});
    const std::string before = source->fingerprint();
    const std::string old_file = folder.path("old.crt");
    std::filesystem::copy(files.certificate, old_file);
    meet("localhost", files.certificate);
    carry();
    ASSERT_TRUE(both_open());
    auto server_before = std::move(server);
    auto client_before = std::move(client);

    make_certificate(folder, "server", {});  // the same files
    std::string error;
    ASSERT_TRUE(source->reload(error)) << error;
    EXPECT_NE(source->fingerprint(), before);
    EXPECT_TRUE(shows(files, "localhost"));
    EXPECT_FALSE(shows({old_file, ""}, "localhost"));

    server = std::move(server_before);
    client = std::move(client_before);
    client->say("still here");
    carry();
    EXPECT_EQ(server->plain, "still here");
}

TEST_F(TlsSourceTest, AReloadThatFailsChangesNothing) {
    const Files files = make_certificate(folder, "server", {});
    use({files});
    const std::string before = source->fingerprint();
    const std::string old_file = folder.path("old.crt");
    std::filesystem::copy(files.certificate, old_file);
    const Files other = make_certificate(folder, "other", {});
    std::filesystem::copy(other.certificate, files.certificate,
                          std::filesystem::copy_options::overwrite_existing);
    std::string error;
    EXPECT_FALSE(source->reload(error));
    EXPECT_NE(error.find("does not belong"), std::string::npos) << error;
    EXPECT_EQ(source->fingerprint(), before);
    EXPECT_TRUE(shows({old_file, ""}, "localhost"));
}

TEST_F(TlsSourceTest, NoticesFilesThatHaveChangedOnceTheyStandStill) {
    const Files files = make_certificate(folder, "server", {});
    use({files});
    EXPECT_FALSE(source->changed());
    EXPECT_FALSE(source->changed());
    std::filesystem::remove(files.certificate);
    EXPECT_FALSE(source->changed());  // perhaps in the middle of it
    make_certificate(folder, "server", {});
    EXPECT_FALSE(source->changed());  // again another
    EXPECT_TRUE(source->changed());
    EXPECT_TRUE(source->changed());
    std::string error;
    ASSERT_TRUE(source->reload(error)) << error;
    EXPECT_FALSE(source->changed());
}

TEST_F(TlsSourceTest, AFailureIsNotTriedAgainUntilTheFilesChange) {
    const Files files = make_certificate(folder, "server", {});
    use({files});
    folder.write("server.crt", "half a certificate");
    EXPECT_FALSE(source->changed());
    EXPECT_TRUE(source->changed());
    std::string error;
    EXPECT_FALSE(source->reload(error));
    EXPECT_FALSE(source->changed());
    EXPECT_FALSE(source->changed());
}

TEST_F(TlsSourceTest, SelfSignedStaysOverAReload) {
    std::string error;
    source = Source::self_signed("127.0.0.1", error);
    ASSERT_NE(source, nullptr) << error;
    const std::string before = source->fingerprint();
    EXPECT_TRUE(source->reload(error));
    EXPECT_EQ(source->fingerprint(), before);
    EXPECT_FALSE(source->changed());
}

}  // namespace
}  // namespace parley::net::tls
