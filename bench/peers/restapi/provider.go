package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func newProvider() provider.Provider { return &restapi{} }

type restapi struct{}

type configuration struct {
	URI                types.String `tfsdk:"uri"`
	Headers            types.Map    `tfsdk:"headers"`
	IDAttribute        types.String `tfsdk:"id_attribute"`
	CreateMethod       types.String `tfsdk:"create_method"`
	ReadMethod         types.String `tfsdk:"read_method"`
	UpdateMethod       types.String `tfsdk:"update_method"`
	DestroyMethod      types.String `tfsdk:"destroy_method"`
	WriteReturnsObject types.Bool   `tfsdk:"write_returns_object"`
}

func (*restapi) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "restapi"
}

func (*restapi) Schema(_ context.Context, _ provider.SchemaRequest, response *provider.SchemaResponse) {
	optional := schema.StringAttribute{Optional: true}
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"uri":                  schema.StringAttribute{Required: true},
		"headers":              schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"id_attribute":         optional,
		"create_method":        optional,
		"read_method":          optional,
		"update_method":        optional,
		"destroy_method":       optional,
		"write_returns_object": schema.BoolAttribute{Optional: true},
	}}
}

func (*restapi) Configure(ctx context.Context, request provider.ConfigureRequest, response *provider.ConfigureResponse) {
	var given configuration
	response.Diagnostics.Append(request.Config.Get(ctx, &given)...)
	headers := map[string]string{}
	response.Diagnostics.Append(given.Headers.ElementsAs(ctx, &headers, false)...)
	response.ResourceData = &client{given: given, headers: headers}
}

func (*restapi) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (*restapi) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &object{} }}
}

type client struct {
	given   configuration
	headers map[string]string
}

type statusError struct {
	status int
	path   string
}

func (err statusError) Error() string {
	return fmt.Sprintf("%s: unexpected response code '%d'", err.path, err.status)
}

// call sends a body, if there is one, and reads an object.
func (c *client) call(ctx context.Context, method types.String, otherwise, path string, body map[string]any) (map[string]any, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, or(method, otherwise), c.given.URI.ValueString()+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, statusError{response.StatusCode, path}
	}
	answer := map[string]any{}
	return answer, json.Unmarshal(text, &answer)
}

func or(value types.String, otherwise string) string {
	if value.ValueString() == "" {
		return otherwise
	}
	return value.ValueString()
}
