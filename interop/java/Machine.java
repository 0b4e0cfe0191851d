import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import net.minidev.json.JSONObject;
import no.ks.fiks.maskinporten.AccessTokenRequest;
import no.ks.fiks.maskinporten.Maskinportenklient;
import no.ks.fiks.maskinporten.MaskinportenklientProperties;
import no.ks.fiks.maskinporten.error.MaskinportenTokenRequestException;

/** Machines that get tokens with the client of KS Fiks: for themselves, for a person, for another organization. */
public final class Machine {
  private static JSONObject realm;

  public static void main(String[] arguments) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("TILLIT_BASE") + "/dev/fixtures.json")).build();
    String fixtures = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    for (Object one : JSONObjectUtils.getJSONArray(JSONObjectUtils.parse(fixtures), "realms")) {
      JSONObject found = new JSONObject((Map<String, ?>) one);
      if (found.get("name").equals("maskinporten")) {
        realm = found;
      }
    }
    String scope = "skogdata:hogstmelding";
    String consumer = (String) demo("demo-consumer").get("organization");
    String supplier = (String) demo("demo-supplier").get("organization");

    Map<String, Object> own = claims(client("demo-consumer").getAccessToken(scope));
    check(scope.equals(own.get("scope")) && ("0192:" + consumer).equals(id(own, "consumer")), own);
    System.out.println("a consumer: got a token for itself");

    String audience = "https://api.skogdata.example/v2";
    Map<String, Object> asked =
        claims(client("demo-consumer").getAccessToken(AccessTokenRequest.builder().scope(scope).audience(audience).pid("14836804253").build()));
    check(String.valueOf(asked.get("aud")).contains(audience) && "14836804253".equals(asked.get("pid")), asked);
    System.out.println("the same for one API and one person");

    Map<String, Object> delegated = claims(client("demo-supplier").getDelegatedAccessToken(consumer, scope));
    check(("0192:" + consumer).equals(id(delegated, "consumer")) && ("0192:" + supplier).equals(id(delegated, "supplier")), delegated);
    System.out.println("a supplier: got a token for a consumer that delegated");

    String stranger = (String) demo("demo-provider").get("organization");
    try {
      client("demo-supplier").getDelegatedAccessToken(stranger, scope);
      throw new IllegalStateException("a token for a consumer that has not delegated");
    } catch (MaskinportenTokenRequestException refused) {
      check(refused.getStatusCode() == 403 && refused.getMessage().contains(stranger), refused.getMessage());
      System.out.println("a consumer that has not delegated: refused with 403");
    }
  }

  private static JSONObject demo(String id) {
    for (Object one : (Iterable<?>) realm.get("clients")) {
      JSONObject client = new JSONObject((Map<String, ?>) one);
      if (client.get("client_id").equals(id)) {
        return client;
      }
    }
    throw new IllegalStateException("no client " + id);
  }

  /** The package's client, with the demo client's own key and our addresses. */
  private static Maskinportenklient client(String id) throws Exception {
    JSONObject keys = new JSONObject((Map<String, ?>) demo(id).get("jwks"));
    RSAKey key = RSAKey.parse((Map<String, Object>) ((java.util.List<?>) keys.get("keys")).get(0));
    String issuer = (String) realm.get("issuer");
    return Maskinportenklient.builder()
        .withPrivateKey(key.toPrivateKey())
        .usingAsymmetricKey(key.getKeyID())
        .withProperties(MaskinportenklientProperties.builder().issuer(id).audience(issuer).tokenEndpoint(issuer + "/token").build())
        .build();
  }

  private static Map<String, Object> claims(String token) throws Exception {
    return SignedJWT.parse(token).getPayload().toJSONObject();
  }

  private static Object id(Map<String, Object> claims, String name) {
    return ((Map<?, ?>) claims.get(name)).get("ID");
  }

  private static void check(boolean holds, Object told) {
    if (!holds) {
      throw new IllegalStateException(String.valueOf(told));
    }
  }
}
