"""The credential chain, from the environment to the metadata service, against servers that give keys."""

import datetime
import hashlib
import json
import unittest
import urllib.parse

from peer import ID, KEYS, Answer, Case, xml_error

KEY = {"bucket": "my-trail", "path": "k"}
TOKEN = "session/token+=="


def soon(hours):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def keys_json(name, **more):
    return json.dumps({"AccessKeyId": name, "SecretAccessKey": "secret-of-" + name, "Expiration": soon(6), **more})


def keys_xml(name):
    return Answer(200, (f'<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
                        f"<AccessKeyId>{name}</AccessKeyId><SecretAccessKey>secret-of-{name}</SecretAccessKey>"
                        f"<SessionToken>{TOKEN}</SessionToken><Expiration>{soon(1)}</Expiration></Credentials>"
                        f"<AssumedRoleUser><Arn>arn:a</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>").encode())


class Chain(Case):
    def setUp(self):
        super().setUp()
        self.peer.route("GET /my-trail/k", Answer(200, b"v"))
        for name in ("A", "B", "C", "D"):
            self.peer.secrets[name] = "secret-of-" + name

    def last(self):
        """The request for the object: by which keys, with which token; it must be signed by them."""
        r = [r for r in self.peer.requests if r.path.startswith("/my-trail/")][-1]
        self.assertTrue(r.is_signed)
        return r.key_id, r.headers.get("X-Amz-Security-Token")

    def reads(self, client):
        got = client.ask(KEY)[0]
        self.assertEqual((got["status"], got["body"]), (200, "v"), got)
        return self.last()

    def fails(self, client, *words):
        got = client.ask(KEY)[0]
        self.assertEqual((got["status"], got["code"]), (0, "NoCredentials"), got)
        for w in words:
            self.assertIn(w, got["message"])
        return got

    def config(self, text, mode=0o600):
        return self.write(".aws/config", text, mode)

    def form(self, i=0):
        post = [r for r in self.peer.requests if r.method == "POST"][i]
        return dict(urllib.parse.parse_qsl(post.body)), post


class Environment(Chain):
    def test_keys(self):
        self.assertEqual(self.reads(self.client()), (ID, None))
        self.assertEqual(self.reads(self.client(env={**KEYS, "AWS_SESSION_TOKEN": TOKEN})), (ID, TOKEN))

    def test_half_a_pair_is_refused(self):
        self.refused("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not", env={"AWS_ACCESS_KEY_ID": "a"})

    def test_nothing_anywhere_says_where_it_looked(self):
        self.refused("no credentials", "AWS_ACCESS_KEY_ID", ".aws/config", "metadata", env={})

    def test_web_identity(self):
        self.peer.route("POST /", keys_xml("A"))
        token = self.write("token", "eyJ.a.b\n")
        c = self.client(env={"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/r"})
        self.assertEqual(self.reads(c), ("A", TOKEN))
        form, post = self.form()
        self.assertEqual(form, {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleSessionName": "gyr",
                                "RoleArn": "arn:aws:iam::1:role/r", "WebIdentityToken": "eyJ.a.b", "DurationSeconds": "3600"})
        self.assertEqual((post.key_id, post.path), ("", "/"))

    def test_web_identity_without_its_file(self):
        c = self.client(env={"AWS_WEB_IDENTITY_TOKEN_FILE": self.dir + "/none", "AWS_ROLE_ARN": "arn:r"})
        self.fails(c, self.dir + "/none", "No such file")

    def test_a_profile_that_was_asked_for_comes_before_the_environment(self):
        self.config("[profile p]\naws_access_key_id = A\naws_secret_access_key = secret-of-A\n")
        self.assertEqual(self.reads(self.client(profile="p")), ("A", None))
        self.assertEqual(self.reads(self.client(env={**KEYS, "AWS_PROFILE": "p"})), (ID, None))
        self.assertEqual(self.reads(self.client(env={"AWS_PROFILE": "p"})), ("A", None))


class Profiles(Chain):
    def test_the_file_of_credentials_wins(self):
        self.config("[default]\naws_access_key_id=B\naws_secret_access_key=secret-of-B\n")
        self.write(".aws/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = secret-of-A\n")
        self.assertEqual(self.reads(self.client(env={})), ("A", None))

    def test_the_region_and_endpoint_of_a_profile(self):
        self.config(f"[default]\nregion = ap-south-1\nendpoint_url = {self.peer.url}\n")
        c = self.client(region="", endpoint="", env=KEYS)
        self.reads(c)
        self.assertIn("/ap-south-1/s3/", self.peer.requests[-1].headers["Authorization"])
        self.assertEqual(c.close()["region"], "ap-south-1")

    def test_what_is_wrong_in_a_file_is_said_with_its_place(self):
        path = self.config("[default]\nregion = r\nno equals\n")
        self.refused(f"{path}:3:", "key = value")
        path = self.config("[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n")
        self.refused("lead to each other", profile="a")
        self.config("[profile a]\nrole_arn = r\nsource_profile = zz\n")
        self.refused("profile 'zz'", "neither", profile="a")
        self.refused("profile 'nope'", ".aws/config", "[profile nope]", env={"AWS_PROFILE": "nope"})
        path = self.config("[profile a]\nrole_arn = r\nsource_profile = a\nmfa_serial = m\n")
        self.refused(f"{path}:4:", "mfa_serial", profile="a")
        path = self.config("[profile a]\nrole_arn = r\ncredential_source = Moon\n")
        self.refused(f"{path}:3:", "Moon", profile="a")
        self.config("[profile a]\nregion = eu west\n")
        self.refused("eu west", profile="a", region="")
        self.refused("config_file", "No such file", config_file=self.dir + "/config_file")

    def test_a_role_with_the_keys_of_another_profile(self):
        self.peer.route("POST /", keys_xml("B"))
        self.config("[profile base]\naws_access_key_id = A\naws_secret_access_key = secret-of-A\n"
                    "[profile p]\nrole_arn = arn:p\nsource_profile = base\nexternal_id = x y\nrole_session_name = s\n"
                    "duration_seconds = 900\n")
        c = self.client(profile="p")
        self.assertEqual(self.reads(c), ("B", TOKEN))
        form, post = self.form()
        self.assertEqual(form, {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:p", "RoleSessionName": "s",
                                "DurationSeconds": "900", "ExternalId": "x y"})
        self.assertEqual((post.key_id, post.is_signed), ("A", True))
        self.assertIn("/eu-west-1/sts/", post.headers["Authorization"])
        self.assertEqual(c.close()["identity"], "keys of profile 'base', then arn:p")

    def test_roles_one_after_another_and_one_on_top(self):
        self.peer.route("POST /", keys_xml("B"), keys_xml("C"), keys_xml("D"))
        self.config("[profile a]\naws_access_key_id = A\naws_secret_access_key = secret-of-A\n"
                    "[profile b]\nrole_arn = arn:b\nsource_profile = a\n[profile c]\nrole_arn = arn:c\nsource_profile = b\n")
        c = self.client(profile="c", role_arn="arn:top", external_id="e")
        self.assertEqual(self.reads(c), ("D", TOKEN))
        self.assertEqual([self.form(i)[0]["RoleArn"] for i in range(3)], ["arn:b", "arn:c", "arn:top"])
        self.assertEqual([self.form(i)[1].key_id for i in range(3)], ["A", "B", "C"])
        self.assertTrue(all(self.form(i)[1].is_signed for i in range(3)))
        self.assertEqual(self.form(2)[0]["ExternalId"], "e")

    def test_a_role_that_is_denied_says_which(self):
        self.peer.route("POST /", xml_error(403, "AccessDenied"))
        c = self.client(role_arn="arn:aws:iam::1:role/top")
        self.fails(c, "arn:aws:iam::1:role/top", "AccessDenied", "as told")
        counters = c.close()
        self.assertEqual(counters["renewals_failed"], 1)
        self.assertIn("AccessDenied", counters["notes"][0])

    def test_a_role_is_asked_for_again_when_that_may_help(self):
        self.peer.route("POST /", xml_error(500, "InternalError"), xml_error(400, "Throttling"), keys_xml("B"))
        self.assertEqual(self.reads(self.client(role_arn="arn:r"))[0], "B")

    def test_expired_keys_are_renewed_once(self):
        self.peer.route("POST /", keys_xml("B"), keys_xml("C"))
        self.peer.route("GET /my-trail/k", lambda r: Answer(200, b"v") if r.key_id == "C" else xml_error(400, "ExpiredToken"))
        self.assertEqual(self.reads(self.client(role_arn="arn:r"))[0], "C")
        got = self.client().ask(KEY)[0]
        self.assertEqual((got["status"], got["code"]), (400, "ExpiredToken"))


class Programs(Chain):
    def program(self, body, mode=0o600):
        path = self.write("bin/a program", "#!/bin/sh\n" + body, 0o700)
        return self.config(f"[profile p]\ncredential_process = '{path}' --for \"x y\" z\n", mode)

    def test_a_program_gives_keys(self):
        said = keys_json("A", Version=1, SessionToken=TOKEN)
        self.program(f"[ \"$1$2$3$#\" = '--forx yz3' ] && echo '{said}'\n")
        self.assertEqual(self.reads(self.client(profile="p")), ("A", TOKEN))

    def test_what_it_says_is_not_run_by_a_shell(self):
        self.write("keys", keys_json("A"))
        self.config("[profile p]\ncredential_process = cat $HOME/keys\n")
        self.fails(self.client(profile="p"), "status 1")

    def test_a_program_that_fails(self):
        self.program("exit 3\n")
        self.fails(self.client(profile="p"), "program of profile 'p'", "status 3")
        self.program("echo nothing\n")
        self.fails(self.client(profile="p"), "not JSON")
        self.program("head -c 1000000 /dev/zero\n")
        self.fails(self.client(profile="p"), "more than it may")
        self.config("[profile p]\ncredential_process = /none/such\n")
        self.fails(self.client(profile="p"), "/none/such", "No such file")

    def test_a_file_that_others_may_write_does_not_run_programs(self):
        path = self.program("exit 0\n", 0o664)
        self.refused(f"{path}:2:", "credential_process", "chmod", profile="p")


class Sso(Chain):
    def test_the_login_of_a_session(self):
        self.peer.route("GET /federation/credentials", Answer(200, json.dumps({"roleCredentials": {
            "accessKeyId": "A", "secretAccessKey": "secret-of-A", "sessionToken": TOKEN, "expiration": 4102444800000}}).encode()))
        self.config("[profile p]\nsso_session = my\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
                    "[sso-session my]\nsso_region = eu-west-1\nsso_start_url = https://x.awsapps.example/start\n")
        c = self.client(profile="p", env={"AWS_ENDPOINT_URL_SSO": self.peer.url})
        self.fails(c, "No such file", "aws sso login --profile p")
        cache = f".aws/sso/cache/{hashlib.sha1(b'my').hexdigest()}.json"
        self.write(cache, json.dumps({"accessToken": "TOKEN", "expiresAt": "2020-01-01T00:00:00Z"}))
        c = self.client(profile="p", env={"AWS_ENDPOINT_URL_SSO": self.peer.url})
        self.fails(c, "the login has ended", "aws sso login --profile p")
        self.write(cache, json.dumps({"accessToken": "TOKEN", "expiresAt": soon(1)}))
        c = self.client(profile="p", env={"AWS_ENDPOINT_URL_SSO": self.peer.url})
        self.assertEqual(self.reads(c), ("A", TOKEN))
        seen = self.peer.requests[0]
        self.assertEqual(seen.path, "/federation/credentials?account_id=123456789012&role_name=Reader")
        self.assertEqual(seen.headers["x-amz-sso_bearer_token"], "TOKEN")


class Containers(Chain):
    def test_pod_identity(self):
        self.peer.route("GET /v1/credentials", Answer(200, keys_json("A", Token=TOKEN).encode()))
        token = self.write("eks-token", "pod token\n")
        c = self.client(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.peer.url + "/v1/credentials",
                             "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token})
        self.assertEqual(self.reads(c), ("A", TOKEN))
        self.assertEqual(self.peer.requests[0].headers["Authorization"], "pod token")

    def test_plain_http_to_elsewhere_is_refused(self):
        self.refused("http://203.0.113.1/x", "http:// only", env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://203.0.113.1/x"})


PATH = "/latest/meta-data/iam/security-credentials/"


class Instances(Chain):
    ENV = {"AWS_METADATA_SERVICE_TIMEOUT": "300"}  # a machine that stalls is no reason to fail

    def metadata(self):
        self.peer.route("PUT /latest/api/token", Answer(200, b"imds-token"))
        self.peer.route("GET " + PATH, Answer(200, b"my-role\n"))
        self.peer.route(f"GET {PATH}my-role", Answer(200, keys_json("A", Code="Success", Token=TOKEN).encode()))
        self.peer.route("GET /latest/meta-data/placement/region", Answer(200, b"sa-east-1"))

    def instance(self, **options):
        return self.client(env=self.ENV, **{"imds": self.peer.url, "region": "", **options})

    def test_the_role_and_region_of_the_instance(self):
        self.metadata()
        c = self.instance()
        self.assertEqual(self.reads(c), ("A", TOKEN))
        self.assertIn("/sa-east-1/s3/", self.peer.requests[-1].headers["Authorization"])
        put = self.peer.requests[0]
        self.assertEqual((put.method, put.headers["X-aws-ec2-metadata-token-ttl-seconds"]), ("PUT", "21600"))
        self.assertTrue(all(r.headers["X-aws-ec2-metadata-token"] == "imds-token"
                            for r in self.peer.requests if r.path.startswith("/latest/meta-data/")))
        self.assertEqual(c.close()["region"], "sa-east-1")

    def test_a_token_that_ended_is_asked_for_anew(self):
        self.metadata()
        self.peer.route("GET " + PATH, Answer(401), Answer(200, b"my-role"))
        self.assertEqual(self.reads(self.instance(region="eu-west-1"))[0], "A")
        self.assertEqual(len(self.peer.paths("PUT")), 2)

    def test_an_instance_without_a_role(self):
        self.metadata()
        self.peer.route("GET " + PATH, Answer(404))
        self.fails(self.instance(), "role of the instance", "no role")

    def test_keys_that_cannot_be_keys_are_refused(self):
        self.metadata()
        for said, word in ((b"{}", "no access key id"), (b"[1]", "not JSON"), (b'{"Code":"Failed"}', "none for now"),
                           (b'{"AccessKeyId":"a\\r\\nx: y","SecretAccessKey":"s"}', "cannot be one"),
                           (keys_json("A", Expiration="2001-01-01T00:00:00Z").encode(), "is the clock right"),
                           (b'{"AccessKeyId":"' + b"x" * 70000 + b'"}', "larger than it may be")):
            self.peer.route(f"GET {PATH}my-role", Answer(200, said))
            self.fails(self.instance(), word)

    def test_off_is_off(self):
        self.refused("no credentials", env={}, imds="off")
        self.refused("no credentials", env={"AWS_EC2_METADATA_DISABLED": "true"}, imds="")


if __name__ == "__main__":
    unittest.main()
