/*
 * The JSON schema (draft 6) of a rules file, for editors.
 */
#include "ruleset/report.h"

static const char *const text[] = {
	"{\"$schema\": \"http://json-schema.org/draft-06/schema#\", \"type\": \"array\",\n",
	" \"items\": {\"$ref\": \"#/definitions/FalcoRule\"},\n \"definitions\": {\n",
	"  \"FalcoRule\": {\"type\": \"object\", \"additionalProperties\": false,\n",
	"  \"properties\": {\n",
	"   \"required_engine_version\": {\"type\": [\"string\", \"integer\"]},\n",
	"   \"required_plugin_versions\": {\"type\": \"array\",\n",
	"    \"items\": {\"$ref\": \"#/definitions/RequiredPluginVersion\"}},\n",
	"   \"list\": {\"type\": \"string\"},\n",
	"   \"items\": {\"type\": \"array\", \"items\": {\"$ref\": \"#/definitions/Item\"}},\n",
	"   \"macro\": {\"type\": \"string\"}, \"rule\": {\"type\": \"string\"},\n",
	"   \"condition\": {\"type\": \"string\"}, \"desc\": {\"type\": \"string\"},\n",
	"   \"output\": {\"type\": \"string\"},\n",
	"   \"priority\": {\"$ref\": \"#/definitions/Priority\"},\n",
	"   \"source\": {\"type\": \"string\"}, \"enabled\": {\"type\": \"boolean\"},\n",
	"   \"tags\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}},\n",
	"   \"warn_evttypes\": {\"type\": \"boolean\"},\n",
	"   \"skip-if-unknown-filter\": {\"type\": \"boolean\"},\n",
	"   \"capture\": {\"type\": \"boolean\"},\n",
	"   \"capture_duration\": {\"type\": \"integer\", \"minimum\": 0},\n",
	"   \"exceptions\": {\"type\": \"array\",\n",
	"    \"items\": {\"$ref\": \"#/definitions/Exception\"}},\n",
	"   \"append\": {\"type\": \"boolean\"},\n",
	"   \"override\": {\"$ref\": \"#/definitions/Override\"}}},\n",
	"  \"Item\": {\"anyOf\": [{\"type\": \"integer\"}, {\"type\": \"string\"}]},\n",
	"  \"Exception\": {\"type\": \"object\", \"additionalProperties\": false,\n",
	"   \"required\": [\"name\"], \"properties\": {\"name\": {\"type\": \"string\"},\n",
	"    \"fields\": {}, \"comps\": {}, \"values\": {}}},\n",
	"  \"Override\": {\"type\": \"object\", \"additionalProperties\": false,\n",
	"  \"properties\": {\n",
};

static const char *const both[] = {"items", "condition", "desc", "output", "tags", "exceptions"};
static const char *const replace_only[] = {"priority",         "enabled",
					   "warn_evttypes",    "capture",
					   "capture_duration", "skip-if-unknown-filter"};

void rules_schema(struct buf *b)
{
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		buf_add_cstr(b, text[i]);
	for (size_t i = 0; i < sizeof both / sizeof *both; i++)
		buf_printf(b, "   \"%s\": {\"enum\": [\"append\", \"replace\"]},\n", both[i]);
	for (size_t i = 0; i < sizeof replace_only / sizeof *replace_only; i++)
		buf_printf(b, "%s   \"%s\": {\"enum\": [\"replace\"]}", i ? ",\n" : "",
			   replace_only[i]);
	buf_add_cstr(b, "}},\n  \"Priority\": {\"type\": \"string\", \"enum\": [");
	for (int p = RULE_EMERGENCY; p <= RULE_DEBUG; p++)
		buf_printf(b, "%s\"%s\"", p ? ", " : "", rule_priority_name((enum rule_priority)p));
	buf_add_cstr(b,
		     "]},\n  \"RequiredPluginVersion\": {\"type\": \"object\",\n"
		     "   \"required\": [\"name\", \"version\"], \"properties\": {\n"
		     "    \"name\": {\"type\": \"string\"}, \"version\": {\"type\": \"string\"},\n"
		     "    \"alternatives\": {\"type\": \"array\"}}}}}\n");
}
