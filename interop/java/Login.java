import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.util.JSONArrayUtils;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import net.minidev.json.JSONObject;
import org.htmlunit.BrowserVersion;
import org.htmlunit.WebClient;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlInput;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.util.Cookie;

/** A relying party made with the Nimbus SDK; the person's browser is HtmlUnit, with scripts off. */
public final class Login {
  private static final URI CALLBACK = URI.create("http://127.0.0.1:9/callback");

  private final JSONObject realm;
  private final OIDCProviderMetadata provider;

  private Login(JSONObject realm) throws Exception {
    this.realm = realm;
    this.provider = OIDCProviderMetadata.resolve(new Issuer((String) realm.get("issuer")));
  }

  public static void main(String[] arguments) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("TILLIT_BASE") + "/dev/fixtures.json")).build();
    String fixtures = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    for (JSONObject realm : objects(JSONObjectUtils.parse(fixtures), "realms")) {
      if (realm.get("name").equals("buypass")) {
        new Login(realm).run();
        return;
      }
    }
    throw new IllegalStateException("no realm to sign in to");
  }

  private void run() throws Exception {
    JSONObject known = named("clients", "client_id", "demo-web");
    JSONObject person = named("people", "username", "eli");
    ClientID client = new ClientID("demo-web");
    ClientSecretBasic authentication = new ClientSecretBasic(client, new Secret((String) known.get("client_secret")));
    CodeVerifier verifier = new CodeVerifier();
    State state = new State();
    Nonce nonce = new Nonce();
    AuthenticationRequest request =
        new AuthenticationRequest.Builder(ResponseType.CODE, new Scope("openid", "email"), client, CALLBACK)
            .endpointURI(provider.getAuthorizationEndpointURI())
            .state(state)
            .nonce(nonce)
            .codeChallenge(verifier, CodeChallengeMethod.S256)
            .build();

    var answer = AuthenticationResponseParser.parse(walk(request.toURI(), person));
    check("state", answer.getState(), state);
    check("iss", answer.getIssuer(), provider.getIssuer());
    AuthorizationCode code = answer.toSuccessResponse().getAuthorizationCode();
    OIDCTokenResponse tokens =
        redeem(new TokenRequest(provider.getTokenEndpointURI(), authentication, new AuthorizationCodeGrant(code, CALLBACK, verifier)));
    var validator =
        new IDTokenValidator(provider.getIssuer(), client, JWSAlgorithm.ES256, provider.getJWKSetURI().toURL());
    var claims = validator.validate(tokens.getOIDCTokens().getIDToken(), nonce);

    var asked = new UserInfoRequest(provider.getUserInfoEndpointURI(), tokens.getOIDCTokens().getAccessToken()).toHTTPRequest().send();
    var info = UserInfoResponse.parse(asked).toSuccessResponse().getUserInfo();
    check("sub", info.getSubject(), claims.getSubject());
    check("email", info.getEmailAddress(), ((JSONObject) person.get("claims")).get("email"));

    OIDCTokenResponse renewed =
        redeem(new TokenRequest(provider.getTokenEndpointURI(), authentication, new RefreshTokenGrant(tokens.getOIDCTokens().getRefreshToken())));
    check("sub after the refresh", renewed.getOIDCTokens().getIDToken().getJWTClaimsSet().getSubject(), claims.getSubject().getValue());
    System.out.println("signed in, validated the ID Token, asked UserInfo, refreshed");
  }

  private static OIDCTokenResponse redeem(TokenRequest request) throws Exception {
    var response = OIDCTokenResponseParser.parse(request.toHTTPRequest().send());
    if (!response.indicatesSuccess()) {
      throw new IllegalStateException(response.toErrorResponse().toJSONObject().toJSONString());
    }
    return (OIDCTokenResponse) response.toSuccessResponse();
  }

  /** Walks the pages as a person would and gives the address outside where that ended. */
  private URI walk(URI address, JSONObject person) throws Exception {
    try (WebClient browser = new WebClient(BrowserVersion.FIREFOX)) {
      browser.getOptions().setJavaScriptEnabled(false);
      browser.getOptions().setRedirectEnabled(false);
      browser.getOptions().setThrowExceptionOnFailingStatusCode(false);
      var page = browser.getPage(address.toURL());
      for (int steps = 0; steps < 20; steps++) {
        String location = page.getWebResponse().getResponseHeaderValue("Location");
        if (location != null) {
          URI next = page.getUrl().toURI().resolve(location);
          if (next.toString().startsWith(CALLBACK.toString())) {
            return next;
          }
          page = browser.getPage(next.toURL());
        } else {
          page = answer((HtmlPage) page, person);
        }
      }
    }
    throw new IllegalStateException("the pages lead in a circle");
  }

  private static org.htmlunit.Page answer(HtmlPage page, JSONObject person) throws Exception {
    if (page.querySelector("[role=alert]") != null) {
      throw new IllegalStateException(page.querySelector("[role=alert]").getTextContent());
    }
    HtmlForm form = (HtmlForm) page.querySelector("main form");
    List<HtmlInput> named = form.getInputsByName("username");
    if (!named.isEmpty()) {
      named.get(0).setValue((String) person.get("username"));
      form.getInputByName("password").setValue((String) person.get("password"));
      return form.<org.htmlunit.html.HtmlElement>getFirstByXPath(".//button[not(@name) or @value='sign_in' or @name='action' and @value!='cancel']").click();
    }
    if (form.querySelector("button[name=idp]") != null) {
      return ((org.htmlunit.html.HtmlElement) form.querySelector("button[name=idp][value=password]")).click();
    }
    for (HtmlInput box : form.getInputsByName("consent")) {
      box.setChecked(true);
    }
    return ((org.htmlunit.html.HtmlElement) form.querySelector("button[name=action][value=allow]")).click();
  }

  private JSONObject named(String list, String member, String value) throws Exception {
    for (JSONObject item : objects(realm, list)) {
      if (value.equals(item.get(member))) {
        return item;
      }
    }
    throw new IllegalStateException("fixtures: no " + value + " among " + list);
  }

  private static List<JSONObject> objects(JSONObject parent, String member) throws Exception {
    return JSONArrayUtils.toJSONObjectList(JSONObjectUtils.getJSONArray(parent, member));
  }

  private static void check(String what, Object got, Object want) {
    if (got == null || !got.toString().equals(want.toString())) {
      throw new IllegalStateException(what + ": " + got + "; want " + want);
    }
  }
}
